-- Upkeep: what the jobs do in turns (jobs/runner.ts). A turn works on one portion of one namespace, and returns how
-- much it did; the table upkeep records which namespace is due. The functions that dakera_app may call are security
-- definer, as the jobs run without a key and on tables that dakera_app may not read; they return amounts and never
-- names.
-- The planner settings make each statement use the index that keeps it cheap, even in a session that planned it while
-- the tables were small.
set role dakera_owner;

-- Returns the due namespace that has waited longest and that no other server is working on, and locks it; null if
-- there is none. A last_turn or retry_at too far in the future was written while the clock was wrong, and is ignored.
-- The namespace itself is locked too: deleting it takes the locks in this order.
create or replace function next_turn(wanted text) returns int
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
  select u.namespace_id
  from upkeep u
  join namespaces n on n.id = u.namespace_id
  where u.job = wanted
    and u.is_due
    and (u.retry_at is null or u.retry_at not between now() and now() + interval '10 minutes')
  order by case when u.last_turn <= now() then u.last_turn end nulls first, u.namespace_id
  limit 1
  for update of u skip locked
  for key share of n skip locked
$$;
revoke all on function next_turn from public;

-- Records that a turn of a job succeeded; more: there is work left.
create or replace function end_turn(wanted text, target int, more boolean) returns void
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
  update upkeep
  set is_due = more, last_turn = now(), failures = 0, retry_at = null, reason = null
  where job = wanted and namespace_id = target
$$;
revoke all on function end_turn from public;

-- Records that a turn of a job failed. The next attempt is after 2, 4, 8 seconds and so on, at most ten minutes.
create or replace function fail_turn(wanted text, target int, why text) returns void
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
  update upkeep
  set last_turn = now(),
    failures = failures + 1,
    reason = why,
    retry_at = now() + least(2 ^ least(failures + 1, 10), 600) * interval '1 second'
  where job = wanted and namespace_id = target
$$;
revoke all on function fail_turn from public;

-- ── Statistics: deltas are merged into the base ──

-- Merges the oldest deltas of a namespace into its base, up to most_words of their words. A delta that does not fit
-- keeps its remaining words and still counts as a memory, so base and deltas add up to the same at any moment. A
-- quarter of it is merged in any case: the remainder is rewritten each time, and this way that is three times its
-- words in total, however small the portions are. deltas: how many were merged. more: whether any are left.
create or replace function merge_portion(target int, most_words int, out deltas int, out more boolean)
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  waiting record;
  whole bigint[] := '{}';
  room int := most_words;
  vanished text[];
  cut bigint;   -- the delta that does not fit
  cut_sign int;
  cut_words text[];
begin
  more := false;
  for waiting in select id, sign, words from statistics_deltas where namespace_id = target order by id loop
    more := room <= 0;
    exit when more;
    if length(waiting.words) > room then
      cut := waiting.id;
      cut_sign := waiting.sign;
      cut_words := tsvector_to_array(waiting.words);
      room := greatest(room, length(waiting.words) / 4);
      more := true;
      exit;
    end if;
    whole := whole || waiting.id;
    room := room - length(waiting.words) - 10;   -- a delta costs as much as ten words, in addition to its own
  end loop;
  deltas := cardinality(whole);

  with taken as materialized (
    delete from statistics_deltas
    where namespace_id = target and id = any(whole)
    returning sign, positions, vectors, words
  ),
  totals as (
    insert into namespace_statistics as s (namespace_id, documents, positions, vectors)
    select target, sum(sign), sum(sign * positions), sum(sign * vectors)
    from taken
    having count(*) > 0
    on conflict (namespace_id) do update set
      documents = s.documents + excluded.documents,
      positions = s.positions + excluded.positions,
      vectors = s.vectors + excluded.vectors
  ),
  terms as (
    insert into term_statistics as s (namespace_id, term, documents)
    select target, term, sum(sign)
    from (
      select term, sign from taken, unnest(tsvector_to_array(words)) term
      union all
      select term, cut_sign from unnest(cut_words[:room]) term
    ) t
    group by term
    having sum(sign) <> 0
    on conflict (namespace_id, term) do update set documents = s.documents + excluded.documents
    returning term, documents
  )
  select array_agg(term) into vanished from terms where documents = 0;

  if cut is not null then
    update statistics_deltas
    set words = array_to_tsvector(cut_words[room + 1:])
    where namespace_id = target and id = cut;
  end if;
  if vanished is not null then
    delete from term_statistics where namespace_id = target and term = any(vanished) and documents = 0;
  end if;
end $$;
revoke all on function merge_portion from public;

-- Marks the namespaces whose deltas are due: those with more than 200, and those with any whose last turn was half a
-- minute ago. So there are always few deltas. The search reads only the index: one entry for each namespace with
-- deltas, and at most 200 more for one that was merged a moment ago.
create or replace function find_waiting_statistics() returns void
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  waiting int[];
begin
  with recursive step(namespace_id) as (
    (select namespace_id from statistics_deltas order by namespace_id limit 1)
    union all
    select (
      select d.namespace_id
      from statistics_deltas d
      where d.namespace_id > s.namespace_id
      order by d.namespace_id
      limit 1)
    from step s
    where s.namespace_id is not null
  )
  select array_agg(namespace_id) into waiting from step where namespace_id is not null;
  if waiting is null then
    return;
  end if;

  insert into upkeep (namespace_id, job, is_due)
  select n.id, 'statistics', true
  from namespaces n
  left join upkeep u on u.namespace_id = n.id and u.job = 'statistics'
  where n.id = any(waiting)
    and u.is_due is not true
    and (
      u.last_turn is null
      or u.last_turn not between now() - interval '30 seconds' and now()
      or exists (select from statistics_deltas d where d.namespace_id = n.id order by d.id offset 200 limit 1))
  on conflict (namespace_id, job) do update set is_due = true;

  -- Written while the namespace was being deleted. "offset 0" makes one look-up for each, in any plan.
  delete from statistics_deltas
  where namespace_id in (
    select w.id
    from unnest(waiting) w(id)
    where not exists (select from namespaces n where n.id = w.id offset 0));
end $$;
revoke all on function find_waiting_statistics from public;

-- Runs one turn of merging. look: first find out which namespaces are due. done: the number of merged deltas; null if
-- no namespace is due.
create or replace function merge_next(most_words int, look boolean, out done int, out failed boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target int;
  portion record;
begin
  failed := false;
  if look then
    perform find_waiting_statistics();
  end if;
  target := next_turn('statistics');
  if target is null then
    return;
  end if;
  begin
    if pg_try_advisory_xact_lock(hashtext('merge_statistics'), target) then
      portion := merge_portion(target, most_words);
      done := portion.deltas;
      perform end_turn('statistics', target, portion.more);
    else   -- merge_statistics() is merging all of them
      done := 0;
      perform end_turn('statistics', target, false);
    end if;
  exception when others or query_canceled then
    done := 0;
    failed := true;
    perform fail_turn('statistics', target, sqlerrm);
  end;
end $$;
revoke all on function merge_next from public;
grant execute on function merge_next to dakera_app;

-- Merges all deltas of a namespace into its base, in one transaction, and returns how many. Only the owner may call
-- it.
create or replace function merge_statistics(target int) returns int
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
declare
  portion record;
  merged int := 0;
begin
  -- Mergers wait for each other here; writers never wait.
  perform pg_advisory_xact_lock(hashtext('merge_statistics'), target);
  loop
    portion := merge_portion(target, 1000000);
    merged := merged + portion.deltas;
    exit when not portion.more;
  end loop;
  return merged;
end $$;
revoke all on function merge_statistics from public;

-- ── Expiry: expired memories are moved aside, and erased a day later ──

-- Marks the namespaces with expired memories. Usually the oldest 1000 memories name them all; if one namespace has
-- very many, every namespace is looked at.
create or replace function find_expired() returns void
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
declare
  found_ids int[];
  oldest int[] := array(select namespace_id from memories where expires_at <= now() order by expires_at limit 1000);
begin
  if cardinality(oldest) < 1000 then
    found_ids := array(select distinct unnest(oldest));
  else
    with recursive step(namespace_id) as (
      (select namespace_id from memory_words where expires_at is not null order by namespace_id limit 1)
      union all
      select (
        select w.namespace_id
        from memory_words w
        where w.expires_at is not null and w.namespace_id > s.namespace_id
        order by w.namespace_id
        limit 1)
      from step s
      where s.namespace_id is not null
    )
    select array_agg(s.namespace_id) into found_ids
    from step s
    where exists (select from memory_words w where w.namespace_id = s.namespace_id and w.expires_at <= now());
  end if;
  insert into upkeep (namespace_id, job, is_due)
  select n.id, 'expiry', true
  from namespaces n
  where n.id = any(found_ids)
  on conflict (namespace_id, job) do update set is_due = true
  where not upkeep.is_due;
end $$;
revoke all on function find_expired from public;

-- Moves up to how_many expired memories of a namespace to expired_memories, oldest first, and returns how many. The
-- delete trigger takes their words out of the statistics.
create or replace function move_expired(target int, how_many int) returns int
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  moved int;
begin
  with expired as materialized (   -- materialized: read twice, it would lock, and move, other rows the second time
    select m.id
    from memory_words w
    join memories m on m.namespace_id = w.namespace_id and m.id = w.id
    where w.namespace_id = target and w.expires_at <= now() and m.expires_at <= now()
    order by w.expires_at
    limit how_many
    for update of m skip locked
  ),
  accessed as materialized (
    select a.*
    from memory_accesses a
    join expired e on a.namespace_id = target and a.id = e.id
  ),
  gone as (
    delete from memories m
    using expired e
    where m.namespace_id = target and m.id = e.id
    returning m.*
  )
  insert into expired_memories (
    namespace_id, moved_at, importance, version, session_position, created_at, updated_at, expires_at, valid_from,
    access_count, last_accessed_at, model, id, memory_type, author, session_id, tags, metadata, v, supplied_v, content)
  select
    target,
    (select elapsed from upkeep_clock),
    g.importance,
    g.version,
    g.session_position,
    g.created_at,
    g.updated_at,
    g.expires_at,
    g.valid_from,
    a.access_count,
    a.last_accessed_at,
    (select model from embedding_space),
    g.id,
    g.memory_type,
    g.author,
    g.session_id,
    g.tags,
    g.metadata,
    g.v,
    g.supplied_v,
    g.content
  from gone g
  left join accessed a on a.id = g.id;
  get diagnostics moved = row_count;
  return moved;
end $$;
revoke all on function move_expired from public;

-- Runs one turn of moving expired memories. look: first find out which namespaces are due. done: the number of moved
-- memories; null if no namespace is due.
create or replace function sweep_next(how_many int, look boolean, out done int, out failed boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target int;
begin
  failed := false;
  if look then
    perform find_expired();
  end if;
  target := next_turn('expiry');
  if target is null then
    return;
  end if;
  begin
    done := move_expired(target, how_many);
    perform end_turn('expiry', target, done = how_many);
  exception when others or query_canceled then
    done := 0;
    failed := true;
    perform fail_turn('expiry', target, sqlerrm);
  end;
end $$;
revoke all on function sweep_next from public;
grant execute on function sweep_next to dakera_app;

-- Moves back up to how_many memories that have not expired after all: the clock was wrong when they were moved. If an
-- id was used again in the meantime, the newer memory stays and the older one is dropped. A vector of another model
-- is dropped.
-- Returns how many rows left expired_memories.
create or replace function restore_expired(how_many int) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  restored_count int;
begin
  if not exists (select from expired_memories where expires_at > now()) then
    return 0;
  end if;
  with due as materialized (
    select x.namespace_id, x.number
    from expired_memories x
    join namespaces n on n.id = x.namespace_id
    where x.expires_at > now()
    order by x.expires_at
    limit how_many
    for update of x skip locked
    for key share of n skip locked
  ),
  back as materialized (
    delete from expired_memories x
    using due d
    where x.namespace_id = d.namespace_id and x.number = d.number
    returning x.*
  ),
  restored as (
    insert into memories (
      namespace_id, importance, version, session_position, created_at, updated_at, expires_at, valid_from, id,
      memory_type, author, session_id, tags, metadata, v, supplied_v, content)
    select
      namespace_id,
      importance,
      version,
      session_position,
      created_at,
      updated_at,
      expires_at,
      valid_from,
      id,
      memory_type,
      author,
      session_id,
      tags,
      metadata,
      case when model = (select s.model from embedding_space s) then v end,
      supplied_v,
      content
    from back
    order by number desc
    on conflict (namespace_id, id) do nothing
    returning namespace_id, id
  ),
  counted as (
    insert into memory_accesses (namespace_id, id, access_count, last_accessed_at)
    select namespace_id, id, max(access_count), max(last_accessed_at)
    from back
    join restored using (namespace_id, id)
    where access_count is not null
    group by 1, 2
    on conflict do nothing
  )
  select count(*) into restored_count from back;
  return restored_count;
end $$;
revoke all on function restore_expired from public;
grant execute on function restore_expired to dakera_app;

-- Advances upkeep_clock, which runs only while servers do, and erases up to how_many memories that were moved a day
-- ago by that clock. Returns how many.
create or replace function erase_expired(how_many int) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  erased int;
begin
  if not exists (select from expired_memories) then
    return 0;
  end if;
  update upkeep_clock
  set elapsed = elapsed + least(greatest(now() - seen_at, '0'), interval '1 hour'), seen_at = now()
  where abs(extract(epoch from now() - seen_at)) >= 30;
  delete from expired_memories
  where (namespace_id, number) in (
    select namespace_id, number
    from expired_memories
    where moved_at <= (select elapsed - interval '1 day' from upkeep_clock)
    order by moved_at
    limit how_many
    for update skip locked);
  get diagnostics erased = row_count;
  return erased;
end $$;
revoke all on function erase_expired from public;
grant execute on function erase_expired to dakera_app;

-- ── Words: memories of the releases before 0026 are indexed again ──

-- Indexes the next how_many memories of a namespace again, and returns how many. It waits for the first one while
-- somebody changes it; a later one that is being changed ends the portion, since waiting for it with others locked
-- could deadlock.
-- A memory with too many words for the new index keeps its old words.
create or replace function renew_words(target int, how_many int) returns int
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  listed text[] := array(
    select m.id
    from memories m
    join old_words o on o.namespace_id = m.namespace_id
    where m.namespace_id = target and m.id > o.after_id
    order by m.id
    limit how_many);
  locked text[];
  missed text;
  m record;
  fresh record;
  renewed int := 0;
begin
  perform from memories where namespace_id = target and id = listed[1] for share;
  locked := array(
    select id
    from memories
    where namespace_id = target and id = any(listed)
    order by id
    for share skip locked);
  missed := (select min(id) from unnest(listed) id where id <> all(locked));
  for m in
    select x.id, x.content, w.ts, w.dl
    from memories x
    join memory_words w on w.namespace_id = x.namespace_id and w.id = x.id
    where x.namespace_id = target and x.id = any(locked) and (missed is null or x.id < missed)
    order by x.id
  loop
    renewed := renewed + 1;
    begin
      fresh := words_of(target, m.content);
    exception when sqlstate 'DK000' or program_limit_exceeded then
      continue;
    end;
    continue when fresh.ts = m.ts;
    update memory_words set ts = fresh.ts, dl = fresh.dl where namespace_id = target and id = m.id;
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    values
      (target, -1, m.dl, 0, strip(m.ts)),
      (target, 1, fresh.dl, 0, strip(fresh.ts));
  end loop;
  update old_words
  set after_id = coalesce(listed[renewed], after_id), done = done + renewed
  where namespace_id = target;
  if cardinality(listed) = 0 then
    delete from old_words where namespace_id = target;
  end if;
  return renewed;
end $$;
revoke all on function renew_words from public;

-- Runs one turn of indexing again. done: the number of memories; null if no namespace is due.
create or replace function renew_next(how_many int, out done int, out failed boolean)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target int;
begin
  failed := false;
  target := next_turn('words');
  if target is null then
    return;
  end if;
  begin
    done := renew_words(target, how_many);
    perform end_turn('words', target, exists (select from old_words where namespace_id = target));
  exception when others or query_canceled then
    done := 0;
    failed := true;
    perform fail_turn('words', target, sqlerrm);
  end;
end $$;
revoke all on function renew_next from public;
grant execute on function renew_next to dakera_app;

-- Returns how many memories are still to be indexed again, in all namespaces.
create or replace function words_left() returns int
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
  select coalesce(sum(greatest(s.documents - o.done, 0)), 0)::int
  from old_words o
  join namespace_statistics s using (namespace_id)
$$;
revoke all on function words_left from public;
grant execute on function words_left to dakera_app;

reset role;

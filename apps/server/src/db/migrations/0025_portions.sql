-- What is done in portions costs what its portion does, and not what all of it would. In place of reply_bytes of 0022,
-- merge_portion and find_waiting_statistics of 0019, and count_replies of 0020.
set role dakera_owner;

/* What a memory takes in a reply, about: as JSON, where a control character takes six bytes. */
create or replace function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint language sql stable parallel safe as $$
  select 400 + octet_length(to_json(content)::text) + octet_length(metadata::text)::bigint + octet_length(to_json(tags)::text) $$;

/* Folds a namespace's oldest deltas into the base, up to so many of their words. A delta that does not fit keeps its
   remaining words and still counts as a memory, so base and deltas add up to the same at any moment. A quarter of it
   goes in any case: what remains is written anew each time, and so three times its words in all, however small the
   portions. deltas: how many are gone. more: whether any are left. */
create or replace function merge_portion(target int, most_words int, out deltas int, out more boolean)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set enable_seqscan = off set jit = off as $$
declare
  waiting record; whole bigint[] := '{}'; room int := most_words; vanished text[];
  cut bigint; cut_sign int; cut_words text[];   -- the delta that does not fit
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
    room := room - length(waiting.words) - 10;   -- a delta costs as much as ten words beside its own
  end loop;
  deltas := cardinality(whole);

  with taken as materialized (
    delete from statistics_deltas where namespace_id = target and id = any(whole)
    returning sign, positions, vectors, words),
  totals as (
    insert into namespace_statistics as s (namespace_id, documents, positions, vectors)
    select target, sum(sign), sum(sign * positions), sum(sign * vectors) from taken having count(*) > 0
    on conflict (namespace_id) do update set documents = s.documents + excluded.documents,
      positions = s.positions + excluded.positions, vectors = s.vectors + excluded.vectors),
  terms as (
    insert into term_statistics as s (namespace_id, term, documents)
    select target, term, sum(sign) from (
      select term, sign from taken, unnest(tsvector_to_array(words)) term
      union all select term, cut_sign from unnest(cut_words[:room]) term) t
    group by term having sum(sign) <> 0
    on conflict (namespace_id, term) do update set documents = s.documents + excluded.documents
    returning term, documents)
  select array_agg(term) into vanished from terms where documents = 0;
  if cut is not null then
    update statistics_deltas set words = array_to_tsvector(cut_words[room + 1:])
    where namespace_id = target and id = cut;
  end if;
  if vanished is not null then
    delete from term_statistics where namespace_id = target and term = any(vanished) and documents = 0;
  end if;
end $$;

/* Marks the namespaces whose deltas are to be merged: those with more than 200, and those with any whose last turn
   was half a minute ago. So few deltas ever wait, and the search reads the index: one entry for each namespace with
   deltas, and at most 200 more for one that was merged just now. The settings hold it to the order of the index,
   also in a session that planned it while there was little. */
create or replace function find_waiting_statistics() returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set jit = off as $$
declare waiting int[];
begin
  with recursive step(namespace_id) as (
    (select namespace_id from statistics_deltas order by namespace_id limit 1)
    union all
    select (select d.namespace_id from statistics_deltas d where d.namespace_id > s.namespace_id
      order by d.namespace_id limit 1)
    from step s where s.namespace_id is not null)
  select array_agg(namespace_id) into waiting from step where namespace_id is not null;
  if waiting is null then return; end if;
  insert into upkeep (namespace_id, job, is_due)
  select n.id, 'statistics', true from namespaces n left join upkeep u on u.namespace_id = n.id and u.job = 'statistics'
  where n.id = any(waiting) and u.is_due is not true
    and (u.last_turn is null or u.last_turn not between now() - interval '30 seconds' and now()
      or exists (select from statistics_deltas d where d.namespace_id = n.id order by d.id offset 200 limit 1))
  on conflict (namespace_id, job) do update set is_due = true;
  -- Left by a write during the deletion of its namespace. "offset 0": one look-up for each, in any plan.
  delete from statistics_deltas where namespace_id in (
    select w.id from unnest(waiting) w(id) where not exists (select from namespaces n where n.id = w.id offset 0));
end $$;

-- Which secret's kept replies were counted last; the next count goes on behind it.
create table reply_count (
  only_row boolean primary key default true check (only_row),
  behind   bytea not null default ''
);
insert into reply_count default values;
alter table reply_count enable row level security;
alter table reply_count force row level security;
create policy reply_count_owner on reply_count to dakera_owner using (true) with check (true);

/* Notes the next secrets with more kept replies than that; returns how many there are, and null when all secrets were
   counted or another server is at it. One call reads about most_rows replies, and those of one secret in any case.
   Counted now and then and not with each write: writers of one key would wait for each other at the count. */
drop function count_replies(int);
create function count_replies(most int, most_rows int) returns int
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare position bytea; secret bytea; last bytea; kept int; found_full int := 0; room int := most_rows;
begin
  select behind into position from reply_count for update skip locked;
  if position is null then return null; end if;
  for secret in select secret_hash from key_secrets where secret_hash > position order by secret_hash loop
    select count(*) into kept from (select from replies where secret_hash = secret limit most + 1) counted;
    if kept > most then
      insert into full_secrets values (secret) on conflict do nothing;
      found_full := found_full + 1;
    else
      delete from full_secrets where secret_hash = secret;
    end if;
    last := secret;
    room := room - kept - 10;   -- a secret costs as much as ten replies beside its own
    exit when room <= 0;
  end loop;
  update reply_count set behind = coalesce(last, '');
  return case when last is not null then found_full end;
end $$;

revoke all on function count_replies(int, int) from public;
grant execute on function count_replies(int, int) to dakera_app;

reset role;

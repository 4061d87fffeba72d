-- What the database keeps itself, and the jobs' functions.
set role dakera_owner;

-- Author, times, version and the place in the session come from here on every path: the functions, drizzle, psql.
create function memories_before_write() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and new.next_v_version is distinct from old.next_v_version then return new; end if;   -- reembed: only the owner may; it is no change of the memory
  if tg_op = 'INSERT' then
    new.author := coalesce((presented_key()).name, new.author);   -- without a key only the owner gets this far: imports, restores
    new.created_at := coalesce(new.created_at, now());
    new.updated_at := new.created_at;
    new.version := 1;
  else
    new.namespace_id := old.namespace_id;
    new.id := old.id;
    new.author := old.author;
    new.created_at := old.created_at;
    new.updated_at := now();
    new.version := old.version + 1;
  end if;
  if tg_op = 'INSERT' or new.session_id is distinct from old.session_id then   -- two writers at once may get the same number; it is an order, not a name
    new.session_position := case when new.session_id is not null then 1 + coalesce((
      select max(session_position) from memories where namespace_id = new.namespace_id and session_id = new.session_id), 0) end;
  end if;
  if new.expires_at <= now() and (tg_op = 'INSERT' or new.expires_at is distinct from old.expires_at) then
    perform fail('INVALID_REQUEST', 'expires_at lies in the past. To remove a memory, forget it.');
  end if;
  return new;
end $$;
create trigger memories_before_write before insert or update on memories for each row execute function memories_before_write();

/* The letters of Chinese, Japanese and Korean, for the inside of a bracket of a regular expression. */
create function cjk_letters() returns text language sql immutable parallel safe as $$
  select '\u1100-\u11FF\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\uFF66-\uFF9D' $$;

/* Chinese, Japanese and Korean runs cut into overlapping pairs, as Postgres does not segment them: a run is one word to its parser.
   A memory is also found by a single character, so those stand behind the pairs; a query asks for them only when it has nothing longer. */
create function segment_cjk(content text, for_query boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare script constant text := cjk_letters();
begin
  if content !~ ('[' || script || ']') then return content; end if;
  return (
    select string_agg(case when part[1] !~ ('^[' || script || ']') then part[1] else concat_ws(' ', '',
        (select string_agg(substr(part[1], i, 2), ' ' order by i) from generate_series(1, length(part[1]) - 1) i),
        case when not for_query or length(part[1]) = 1 then (select string_agg(substr(part[1], i, 1), ' ' order by i) from generate_series(1, length(part[1])) i) end,
        '') end, '' order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at));
end $$;

/* The language of a text: the one whose stop words it holds most of. English when it holds none, as a name or a number alone. */
create function detect_language(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare words int := (select coalesce(sum(cardinality(positions)), 0) from unnest(to_tsvector('simple', content)));
begin
  return coalesce((
    select language from unnest('{english,german,french,spanish,italian,portuguese,dutch,danish,swedish,norwegian,finnish,hungarian,russian,turkish,nepali}'::text[])
      with ordinality known(language, preference)
    cross join lateral (select words - coalesce(sum(cardinality(positions)), 0) as dropped from unnest(to_tsvector(language::regconfig, content))) stop_words
    where dropped > 0 order by dropped desc, preference limit 1), 'english');
end $$;

/* What is indexed of a content, and how long it is. */
create function words_of(target int, content text, out ts tsvector, out dl int)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare config text := (select text_config from namespaces where id = target);
begin
  if config = 'auto' then
    config := detect_language(content);
    insert into namespace_languages values (target, config) on conflict do nothing;
  end if;
  ts := to_tsvector(config::regconfig, segment_cjk(content, false));
  dl := (select coalesce(sum(cardinality(positions)), 0) from unnest(ts));
end $$;

create function memories_after_write() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    with added as (
      insert into memory_words (namespace_id, id, expires_at, ts, dl)
      select n.namespace_id, n.id, n.expires_at, w.ts, w.dl from new_rows n cross join lateral words_of(n.namespace_id, n.content) w
      returning namespace_id, id, ts, dl)
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select a.namespace_id, 1, a.dl, (n.v is not null)::int, strip(a.ts) from added a join new_rows n using (namespace_id, id);
  elsif tg_op = 'DELETE' then   -- when the whole namespace goes, its statistics go with it
    with gone as (
      delete from memory_words w using old_rows o where w.namespace_id = o.namespace_id and w.id = o.id
      returning w.namespace_id, w.dl, w.ts, (o.v is not null)::int as vectors)
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select namespace_id, -1, dl, vectors, strip(ts) from gone where exists (select from namespaces n where n.id = namespace_id);
  else
    with changed as (   -- the words as they were: this statement's own update is not seen here
      select n.namespace_id, n.id, n.expires_at, n.content is distinct from o.content as is_new, w.ts as old_ts, w.dl as old_dl,
        (o.v is not null)::int as old_vectors, (n.v is not null)::int as vectors, n.content
      from old_rows o join new_rows n using (namespace_id, id) join memory_words w using (namespace_id, id)
      where n.content is distinct from o.content or n.expires_at is distinct from o.expires_at or (o.v is null) <> (n.v is null)),
    rewritten as (
      update memory_words w set expires_at = c.expires_at, ts = coalesce(f.ts, w.ts), dl = coalesce(f.dl, w.dl)
      from changed c left join lateral (select * from words_of(c.namespace_id, c.content) where c.is_new) f on true
      where w.namespace_id = c.namespace_id and w.id = c.id
      returning w.namespace_id, w.id, w.ts, w.dl)
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select c.namespace_id, change.sign, change.dl, change.vectors, strip(change.ts)
    from changed c join rewritten r using (namespace_id, id)
    cross join lateral (values (-1, c.old_dl, c.old_vectors, c.old_ts), (1, r.dl, c.vectors, r.ts)) change(sign, dl, vectors, ts)
    where c.is_new or c.old_vectors <> c.vectors;
  end if;
  return null;
end $$;
create trigger memories_after_insert after insert on memories referencing new table as new_rows
  for each statement execute function memories_after_write();
create trigger memories_after_update after update on memories referencing old table as old_rows new table as new_rows
  for each statement execute function memories_after_write();
create trigger memories_after_delete after delete on memories referencing old table as old_rows
  for each statement execute function memories_after_write();

/* How many live memories, and vectors of the server's embedder, each of these namespaces has: only those the caller may read. */
create function count_memories(targets int[]) returns table (namespace_id int, documents bigint, vectors bigint)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with target as (select unnest(targets) as id intersect select unnest(readable_namespaces())),
  part as (
    select s.namespace_id, s.documents, s.vectors from namespace_statistics s join target t on t.id = s.namespace_id
    union all
    select d.namespace_id, sum(d.sign), sum(d.sign * d.vectors) from statistics_deltas d join target t on t.id = d.namespace_id group by 1
    union all
    select m.namespace_id, -count(*), -count(m.v) from memories m join target t on t.id = m.namespace_id where m.expires_at <= now() group by 1)
  select t.id, coalesce(sum(p.documents), 0)::bigint, coalesce(sum(p.vectors), 0)::bigint
  from target t left join part p on p.namespace_id = t.id group by t.id;
end $$;

/* Deletes a namespace with its memories, statistics and the grants on its name; returns how many vectors went, null when there was none. */
create function delete_namespace(wanted text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target int; deleted bigint;
begin
  perform require_admin();
  select id into target from namespaces where name = wanted for update;
  if target is null then return null; end if;
  select vectors into deleted from count_memories(array[target]);
  delete from grants where namespace = wanted;
  delete from namespaces where id = target;
  delete from statistics_deltas where namespace_id = target;
  return deleted;
end $$;

-- ── Jobs: they return counts, never rows, so the server may call them without a key ──

/* Counts what was given out: [{"namespace": …, "id": …, "count": …, "at": <unix seconds>}]. What is gone by now is left out. */
create function record_accesses(given jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare recorded int;
begin
  insert into memory_accesses as a (namespace_id, id, access_count, last_accessed_at)
  select m.namespace_id, m.id, g.count, to_timestamp(g.at)
  from jsonb_to_recordset(given) as g(namespace text, id text, count bigint, at float8)
  join namespaces n on n.name = g.namespace join memories m on m.namespace_id = n.id and m.id = g.id
  order by m.namespace_id, m.id   -- in one order, so that two servers do not wait for each other in a circle
  for key share of m skip locked
  on conflict (namespace_id, id) do update set access_count = a.access_count + excluded.access_count,
    last_accessed_at = greatest(a.last_accessed_at, excluded.last_accessed_at);
  get diagnostics recorded = row_count;
  return recorded;
end $$;

/* Folds a namespace's deltas into the base; returns how many. */
create function merge_statistics(target int) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare merged int;
begin
  if not exists (select from namespaces where id = target) then   -- left over from a deleted namespace
    delete from statistics_deltas where namespace_id = target;
    return 0;
  end if;
  perform pg_advisory_xact_lock(hashtext('merge_statistics'), target);   -- mergers wait for each other; writers never wait
  with taken as materialized (delete from statistics_deltas where namespace_id = target returning sign, positions, vectors, words),
  totals as (
    insert into namespace_statistics as s (namespace_id, documents, positions, vectors)
    select target, sum(sign), sum(sign * positions), sum(sign * vectors) from taken having count(*) > 0
    on conflict (namespace_id) do update set documents = s.documents + excluded.documents, positions = s.positions + excluded.positions,
      vectors = s.vectors + excluded.vectors),
  terms as (
    insert into term_statistics as s (namespace_id, term, documents)
    select target, term, sum(sign) from taken, unnest(tsvector_to_array(words)) term group by term having sum(sign) <> 0
    on conflict (namespace_id, term) do update set documents = s.documents + excluded.documents)
  select count(*) into merged from taken;
  delete from term_statistics where namespace_id = target and documents = 0;
  return merged;
end $$;

/* Merges every namespace in which more than `waiting` deltas stand; returns how many deltas it folded. */
create function merge_all_statistics(waiting int) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare merged int;
begin
  select coalesce(sum(merge_statistics(namespace_id)), 0) into merged
  from (select namespace_id from statistics_deltas group by namespace_id having count(*) > waiting) busy;
  return merged;
end $$;

/* Deletes up to how_many expired memories of each namespace; returns how many. They were invisible from the moment they expired. */
create function delete_expired(how_many int) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare deleted int;
begin
  with expired as materialized (   -- materialized: a plan that looks twice would lock, and delete, others the second time
    select n.id as namespace_id, e.id from namespaces n cross join lateral (
      select id from memories where namespace_id = n.id and expires_at <= now() limit how_many for update skip locked) e)
  delete from memories m using expired e where m.namespace_id = e.namespace_id and m.id = e.id;
  get diagnostics deleted = row_count;
  return deleted;
end $$;

/* Deletes replies older than a day and secrets whose grace is over; returns how many. */
create function delete_old_replies(how_many int) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare deleted int; ended int;
begin
  delete from replies where (secret_hash, idempotency_key) in (
    select secret_hash, idempotency_key from replies where created_at < now() - interval '24 hours' limit how_many for update skip locked);
  get diagnostics deleted = row_count;
  delete from key_secrets where expires_at < now() - interval '30 days';   -- until then the answer is API_KEY_EXPIRED
  get diagnostics ended = row_count;
  return deleted + ended;
end $$;

revoke all on function memories_before_write(), cjk_letters(), segment_cjk(text, boolean), detect_language(text), words_of(int, text), memories_after_write(), record_accesses(jsonb), count_memories(int[]), delete_namespace(text), merge_statistics(int),
  merge_all_statistics(int), delete_expired(int), delete_old_replies(int) from public;
grant execute on function cjk_letters(), segment_cjk(text, boolean) to dakera_search, dakera_app;
grant execute on function detect_language(text) to dakera_app;
grant execute on function record_accesses(jsonb), count_memories(int[]), delete_namespace(text), merge_all_statistics(int), delete_expired(int), delete_old_replies(int) to dakera_app;

reset role;

-- Memories: storing them, the triggers that keep their derived data, and lists by filter.
set role dakera_owner;

-- Returns a new id, the default of memories.id: 'mem_', 14 hex digits of microseconds, 16 random ones. Ids are
-- ordered by time, so that new rows land on one page of the primary key.
create or replace function new_memory_id() returns text
language sql volatile parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select 'mem_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint), 14, '0')
    || right(replace(gen_random_uuid()::text, '-', ''), 16)
$$;
revoke all on function new_memory_id from public;
grant execute on function new_memory_id to dakera_app;

-- Deletes those of these memories that have expired and were not moved yet, so that a caller who may write here can
-- use their ids again. Security definer: a key that only writes sees no memory.
create or replace function free_expired_ids(target int, ids text[]) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if target = any(writable_namespaces()) then
    delete from memories where namespace_id = target and id = any(ids) and expires_at <= now();
  end if;
end $$;
revoke all on function free_expired_ids from public;
grant execute on function free_expired_ids to dakera_app;

-- Stores 1 to 1000 memories, all or none, and returns the values that the database assigned to each, in order. The
-- caller's own policies decide (security invoker).
-- memories: a JSON array with the fields of the API. embeddings[i] and supplied[i]: the vectors of memory i; each may
-- be null. embedder: the model that made the embeddings.
-- A repeated idempotency_key with the same request (its fingerprint) stores nothing and returns the first reply,
-- after the grant was checked again.
-- There is no RETURNING, since it would need the select policy, which a write-only key does not pass; the values that
-- the trigger assigns are known here.
-- plan_cache_mode: Postgres would plan the insert again in every call, which is 0.4 of 2.8 ms, as it considers the
-- plan for a known number of memories the cheaper one. enable_seqscan: the first call plans for all later ones of the
-- session.
create or replace function store(
  key_hash bytea,
  namespace text,
  memories jsonb,
  embeddings halfvec[],
  supplied halfvec[] default null,
  idempotency_key text default null,
  fingerprint bytea default null,
  embedder text default null
) returns table (
  id text,
  author text,
  created_at timestamptz,
  expires_at timestamptz
)
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  place namespaces;
  saved jsonb;
  chosen text[];
  mismatch int;
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  if embedder is not null then
    perform require_embedder(embedder, true);
  end if;
  place := open_namespace(namespace);

  if idempotency_key is not null then
    saved := claim_reply(idempotency_key, fingerprint, array[place.id]);
    if saved is not null then
      return query
      select *
      from jsonb_to_recordset(saved) as t(id text, author text, created_at timestamptz, expires_at timestamptz);
      return;
    end if;
  end if;

  select vector_dims(s) into mismatch from unnest(supplied) s where vector_dims(s) <> place.dimension limit 1;
  if mismatch is not null then
    perform raise_api_error(
      'DIMENSION_MISMATCH',
      format(
        'The embedding has %s numbers; the namespace "%s" declares %s.',
        mismatch, namespace, place.dimension),
      namespace);
  end if;

  chosen := array(select m ->> 'id' from jsonb_array_elements(memories) m where m ->> 'id' is not null);
  if cardinality(chosen) > 0 then
    -- Refusing an id that is taken tells that it exists, so only a caller who may read can choose ids.
    perform resolve_namespace(namespace, 'edit');
    perform free_expired_ids(place.id, chosen);
  end if;

  with incoming as materialized (
    select
      t.position,
      coalesce(t.id, new_memory_id()) as id,
      t.content,
      t.memory_type,
      t.importance,
      t.tags,
      t.metadata,
      t.session_id,
      t.valid_from,
      coalesce(t.expires_at, now() + t.ttl_seconds * interval '1 second') as expires_at
    from rows from (jsonb_to_recordset(memories) as (
      id text, content text, memory_type text, importance real, tags text[], metadata jsonb, session_id text,
      valid_from timestamptz, expires_at timestamptz, ttl_seconds float8)) with ordinality
      as t(
        id, content, memory_type, importance, tags, metadata, session_id, valid_from, expires_at, ttl_seconds, position)
  ),
  inserted as (
    insert into memories (
      namespace_id, id, content, memory_type, importance, tags, metadata, session_id, valid_from, expires_at, v,
      supplied_v)
    select
      place.id,
      id,
      content,
      coalesce(memory_type, 'episodic'),
      coalesce(importance, 0.5),
      coalesce(tags, '{}'),
      coalesce(metadata, '{}'),
      session_id,
      valid_from,
      expires_at,
      embeddings[position],
      supplied[position]
    from incoming
    order by position
  )
  select jsonb_agg(
    jsonb_build_object('id', id, 'author', caller_name(), 'created_at', now(), 'expires_at', expires_at)
    order by position)
  into saved
  from incoming;

  if idempotency_key is not null then
    perform save_reply(idempotency_key, saved);
  end if;
  return query
  select *
  from jsonb_to_recordset(saved) as t(id text, author text, created_at timestamptz, expires_at timestamptz);
end $$;
revoke all on function store from public;
grant execute on function store to dakera_app;

-- Trigger: sets author, times, version and position in the session, whichever path a write takes: the functions, the
-- repositories or psql. Only the owner can store without a key, as restore_expired() does; its version, times and
-- position are kept. Security definer: it reads the key, and memories that the caller may not read.
create or replace function memories_before_write() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  caller text;
begin
  if tg_op = 'UPDATE' and new.next_v_version is distinct from old.next_v_version then
    return new;   -- jobs/reembed.ts, as the owner: the memory itself does not change
  end if;
  if tg_op = 'INSERT' then
    caller := (presented_key()).name;
    new.author := coalesce(caller, new.author);
    new.created_at := coalesce(new.created_at, now());
    if caller is not null or new.version = 1 then
      new.updated_at := new.created_at;
      new.version := 1;
    end if;
  else
    new.namespace_id := old.namespace_id;
    new.id := old.id;
    new.author := old.author;
    new.created_at := old.created_at;
    new.updated_at := now();
    new.version := old.version + 1;
  end if;
  if tg_op = 'INSERT' and (caller is not null or new.session_position is null)
    or tg_op = 'UPDATE' and new.session_id is distinct from old.session_id
  then
    -- Two writers at once may get the same position: it is an order and not a name.
    new.session_position := case when new.session_id is not null then 1 + coalesce(
      (
        select max(session_position)
        from memories
        where namespace_id = new.namespace_id and session_id = new.session_id
      ), 0) end;
  end if;
  if new.expires_at <= now() and (tg_op = 'INSERT' or new.expires_at is distinct from old.expires_at) then
    perform raise_api_error('INVALID_REQUEST', 'expires_at is in the past. To remove a memory, forget it.');
  end if;
  return new;
end $$;
revoke all on function memories_before_write from public;

-- Trigger: keeps memory_words, and appends to the statistics one delta for each memory that a statement added,
-- removed or rewrote. Security definer: dakera_app may not write these tables.
create or replace function memories_after_write() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    with added as (
      insert into memory_words (namespace_id, id, expires_at, ts, dl)
      select n.namespace_id, n.id, n.expires_at, w.ts, w.dl
      from new_rows n
      cross join lateral words_of(n.namespace_id, n.content) w
      returning namespace_id, id, ts, dl
    )
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select a.namespace_id, 1, a.dl, (n.v is not null)::int, strip(a.ts)
    from added a
    join new_rows n using (namespace_id, id);

  elsif tg_op = 'DELETE' then   -- the statistics of a deleted namespace are deleted with it
    with gone as (
      delete from memory_words w
      using old_rows o
      where w.namespace_id = o.namespace_id and w.id = o.id
      returning w.namespace_id, w.dl, w.ts, (o.v is not null)::int as vectors
    )
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select namespace_id, -1, dl, vectors, strip(ts)
    from gone
    where exists (select from namespaces n where n.id = namespace_id);

  else
    with changed as (   -- with the words as they were: the update below is not visible to this statement
      select
        n.namespace_id,
        n.id,
        n.expires_at,
        n.content is distinct from o.content as is_new,
        w.ts as old_ts,
        w.dl as old_dl,
        (o.v is not null)::int as old_vectors,
        (n.v is not null)::int as vectors,
        n.content
      from old_rows o
      join new_rows n using (namespace_id, id)
      join memory_words w using (namespace_id, id)
      where n.content is distinct from o.content
        or n.expires_at is distinct from o.expires_at
        or (o.v is null) <> (n.v is null)
    ),
    rewritten as (
      update memory_words w
      set expires_at = c.expires_at, ts = coalesce(f.ts, w.ts), dl = coalesce(f.dl, w.dl)
      from changed c
      left join lateral (select * from words_of(c.namespace_id, c.content) where c.is_new) f on true
      where w.namespace_id = c.namespace_id and w.id = c.id
      returning w.namespace_id, w.id, w.ts, w.dl
    )
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    select c.namespace_id, change.sign, change.dl, change.vectors, strip(change.ts)
    from changed c
    join rewritten r using (namespace_id, id)
    cross join lateral (values
      (-1, c.old_dl, c.old_vectors, c.old_ts),
      (1, r.dl, c.vectors, r.ts)) change(sign, dl, vectors, ts)
    where c.is_new or c.old_vectors <> c.vectors;
  end if;
  return null;
end $$;
revoke all on function memories_after_write from public;

-- Returns the approximate size of a memory in a reply: as JSON, in which a control character takes six bytes.
create or replace function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint
language sql stable parallel safe
as $$
  select 400
    + octet_length(to_json(content)::text)
    + octet_length(metadata::text)::bigint
    + octet_length(to_json(tags)::text)
$$;
revoke all on function reply_bytes from public;
grant execute on function reply_bytes to dakera_app;

-- Returns a page of the memories that a filter lets through: newest first, or in the order of their session if
-- as_stored is true; starting after (before_time, before_id) if these are given. The page ends before it exceeds
-- most_bytes, and then its last row is null. In this and the next two functions the caller's own policies decide
-- (security invoker).
create or replace function list_memories(
  target int,
  filter jsonb,
  as_stored boolean,
  before_time timestamptz,
  before_id text,
  skip bigint,
  how_many int,
  most_bytes bigint
) returns setof memories
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  m memories;
  bytes bigint := 0;
  more bigint;
begin
  for m in
    execute format(
      'select m.* from memories m where m.namespace_id = %s and %s%s order by %s limit $4 offset $5',
      target,
      filter_condition(filter, '$1'),
      case when before_time is not null then ' and (m.created_at, m.id) < ($2, $3)' end,
      case when as_stored then 'm.session_position, m.created_at, m.id' else 'm.created_at desc, m.id desc' end)
    using filter, before_time, before_id, how_many, skip
  loop
    more := reply_bytes(m.content, m.metadata, m.tags);
    if bytes > 0 and bytes + more > most_bytes then
      m := null;
      return next m;
      return;
    end if;
    bytes := bytes + more;
    return next m;
  end loop;
end $$;
revoke all on function list_memories from public;
grant execute on function list_memories to dakera_app;

-- Returns the number of memories that a filter lets through.
create or replace function count_matching(target int, filter jsonb) returns bigint
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_count bigint;
begin
  execute format(
    'select count(*) from memories m where m.namespace_id = %s and %s',
    target, filter_condition(filter, '$1'))
  into found_count
  using filter;
  return found_count;
end $$;
revoke all on function count_matching from public;
grant execute on function count_matching to dakera_app;

-- Deletes the memories that a filter lets through, and returns how many.
create or replace function forget_matching(target int, filter jsonb) returns bigint
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
declare
  forgotten bigint;
begin
  execute format(
    'delete from memories m where m.namespace_id = %s and %s',
    target, filter_condition(filter, '$1'))
  using filter;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
revoke all on function forget_matching from public;
grant execute on function forget_matching to dakera_app;

reset role;

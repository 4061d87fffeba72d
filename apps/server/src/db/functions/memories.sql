set role dakera_owner;

-- Time-ordered, so that new rows land on one page of the primary key: 'mem_', 14 hex digits of microseconds, 16 of chance.
create or replace function new_memory_id() returns text language sql volatile parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'mem_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint), 14, '0')
      || right(replace(gen_random_uuid()::text, '-', ''), 16) $$;
revoke all on function new_memory_id from public;
grant execute on function new_memory_id to dakera_app;

/* Frees ids whose memory has expired but is not yet swept, so that a caller who may write here can use them again. */
create or replace function free_expired_ids(target int, ids text[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if target = any(writable_namespaces()) then
    delete from memories where namespace_id = target and id = any(ids) and expires_at <= now();
  end if;
end $$;
revoke all on function free_expired_ids from public;
grant execute on function free_expired_ids to dakera_app;

/* Stores 1 to 1000 memories, all or none, and returns what the database assigned to each, in order. memories is a JSON array of the
   wire's fields; embeddings[i] and supplied[i] may be null. No RETURNING: it would need the select policy, and a write-only key has
   none; what the trigger will set is known here. A repeated idempotency_key with the same request (its fingerprint) stores nothing
   and returns the first answer, after the grant was checked again. embedder: whose vectors the embeddings are.
   plan_cache_mode, enable_seqscan: see 0016. */
create or replace function store(key_hash bytea, namespace text, memories jsonb, embeddings halfvec[], supplied halfvec[] default null,
  idempotency_key text default null, fingerprint bytea default null, embedder text default null)
returns table (id text, author text, created_at timestamptz, expires_at timestamptz)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare place namespaces; saved jsonb; chosen text[]; mismatch int;
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  if embedder is not null then perform require_embedder(embedder, true); end if;
  place := open_namespace(namespace);

  if idempotency_key is not null then
    saved := claim_reply(idempotency_key, fingerprint, array[place.id]);
    if saved is not null then
      return query select * from jsonb_to_recordset(saved) as t(id text, author text, created_at timestamptz, expires_at timestamptz);
      return;
    end if;
  end if;

  select vector_dims(s) into mismatch from unnest(supplied) s where vector_dims(s) <> place.dimension limit 1;
  if mismatch is not null then
    perform fail('DIMENSION_MISMATCH', format('The embedding has %s numbers; the namespace "%s" declares %s.', mismatch, namespace, place.dimension), namespace);
  end if;

  chosen := array(select m ->> 'id' from jsonb_array_elements(memories) m where m ->> 'id' is not null);
  if cardinality(chosen) > 0 then
    -- A taken id is refused, and that tells what is there: so only who may read chooses ids.
    perform resolve_namespace(namespace, 'edit');
    perform free_expired_ids(place.id, chosen);
  end if;

  with incoming as materialized (
    select t.position, coalesce(t.id, new_memory_id()) as id, t.content, t.memory_type, t.importance, t.tags, t.metadata,
      t.session_id, t.valid_from, coalesce(t.expires_at, now() + t.ttl_seconds * interval '1 second') as expires_at
    from rows from (jsonb_to_recordset(memories) as (id text, content text, memory_type text, importance real, tags text[],
      metadata jsonb, session_id text, valid_from timestamptz, expires_at timestamptz, ttl_seconds float8)) with ordinality
      as t(id, content, memory_type, importance, tags, metadata, session_id, valid_from, expires_at, ttl_seconds, position)),
  inserted as (
    insert into memories (namespace_id, id, content, memory_type, importance, tags, metadata, session_id, valid_from, expires_at, v, supplied_v)
    select place.id, id, content, coalesce(memory_type, 'episodic'), coalesce(importance, 0.5), coalesce(tags, '{}'), coalesce(metadata, '{}'),
      session_id, valid_from, expires_at, embeddings[position], supplied[position]
    from incoming order by position)
  select jsonb_agg(jsonb_build_object('id', id, 'author', caller_name(), 'created_at', now(), 'expires_at', expires_at) order by position)
  into saved from incoming;

  if idempotency_key is not null then perform save_reply(idempotency_key, saved); end if;
  return query select * from jsonb_to_recordset(saved) as t(id text, author text, created_at timestamptz, expires_at timestamptz);
end $$;
revoke all on function store from public;
grant execute on function store to dakera_app;

/* Author, times, version and the place in the session come from here on every path: the functions, drizzle, psql.
   Only the owner can store without a key, as restore_expired does: the version, times and place it gives are kept. */
create or replace function memories_before_write() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller text;
begin
  if tg_op = 'UPDATE' and new.next_v_version is distinct from old.next_v_version then
    return new;   -- jobs/reembed.ts, as the owner: the memory does not change
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
    or tg_op = 'UPDATE' and new.session_id is distinct from old.session_id then
    -- two writers at once may get the same number; it is an order, not a name
    new.session_position := case when new.session_id is not null then 1 + coalesce((
      select max(session_position) from memories
      where namespace_id = new.namespace_id and session_id = new.session_id), 0) end;
  end if;
  if new.expires_at <= now() and (tg_op = 'INSERT' or new.expires_at is distinct from old.expires_at) then
    perform fail('INVALID_REQUEST', 'expires_at lies in the past. To remove a memory, forget it.');
  end if;
  return new;
end $$;
revoke all on function memories_before_write from public;

create or replace function memories_after_write() returns trigger
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
revoke all on function memories_after_write from public;

-- ── What a filter's JSON says, as SQL needs it. Immutable, so that the planner has the values before it plans. ─────────────────────

create or replace function given_texts(list jsonb) returns text[] language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return array(select jsonb_array_elements_text(list)); end $$;
revoke all on function given_texts from public;
grant execute on function given_texts to dakera_app, dakera_search;

/* Not truly immutable where a time has no zone, which the server never sends. It stands in no index and in no kept plan. */
create or replace function given_time(moment text) returns timestamptz language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return moment::timestamptz; end $$;
revoke all on function given_time from public;
grant execute on function given_time to dakera_app, dakera_search;

create or replace function given_values(list jsonb) returns jsonb[] language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return array(select jsonb_array_elements(list)); end $$;
revoke all on function given_values from public;
grant execute on function given_values to dakera_app, dakera_search;

/* SQL text of the caller's filter over memories m; only predicates that are present appear. `given` is how the statement names the
   filter itself ("$3"): every value is read from there, so none stands in the text, which Postgres writes into its log.
   The metadata filter arrives compiled (resources/memories/jsonpath.ts): {"path": <jsonpath>, "vars": {...}, "equal": pairs of which one
   must be contained, for the index, "asked": [{"at": <jsonpath>, "key": where the
   field is one at the top, "questions": [{"values": [...]} or {"part"}]}], whose answers the path knows as $t}.
   A jsonpath is a pure function of the row's metadata; even a hostile one can only answer yes or no about rows its caller may read.
   needles_none and hints_none: of what no memory may hold (needles, hints); words_none: how its words may tell. */
create or replace function filter_condition(filter jsonb, given text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  condition text; field jsonb; question jsonb; key text; place text; of_elements text; of_value text; answers text;
begin
  -- No query in here: it would cost what a small recall does. concat_ws leaves out nulls.
  condition := concat_ws(' and ', '(m.expires_at is null or m.expires_at > now())',
    case when filter ->> 'min_importance' is not null then format('m.importance >= (%s ->> ''min_importance'')::real', given) end,
    case when filter ->> 'max_importance' is not null then format('m.importance <= (%s ->> ''max_importance'')::real', given) end,
    case when filter ->> 'memory_type' is not null then format('m.memory_type = (%s ->> ''memory_type'')', given) end,
    case when filter ->> 'session_id' is not null then format('m.session_id = (%s ->> ''session_id'')', given) end,
    case when filter ->> 'tags' is not null then format('m.tags @> given_texts(%s -> ''tags'')', given) end,
    case when filter ->> 'tags_any' <> '[]' then format('m.tags && given_texts(%s -> ''tags_any'')', given) end,
    case when filter ->> 'tags_none' is not null then format('not m.tags && given_texts(%s -> ''tags_none'')', given) end,
    case when filter ->> 'author' is not null then format('m.author = (%s ->> ''author'')', given) end,
    case when filter ->> 'ids' is not null then format('m.id = any(given_texts(%s -> ''ids''))', given) end,
    case when filter ->> 'exclude_author' = 'self' then 'm.author is distinct from (select caller_name())'
      when filter ->> 'exclude_author' is not null then format('m.author is distinct from (%s ->> ''exclude_author'')', given) end,
    case when filter ->> 'since' is not null then format('m.created_at >= given_time(%s ->> ''since'')', given) end,
    case when filter ->> 'until' is not null then format('m.created_at < given_time(%s ->> ''until'')', given) end,
    case when filter ->> 'needles_none' is not null then
      case current_user when 'dakera_search' then   -- it sees no content, so it asks; words that are not indexed anew yet tell nothing
        format('not ((%2$s exists (select from old_words o where o.namespace_id = m.namespace_id)) and is_excluded(m.namespace_id, m.id,'
          ' given_texts(%1$s -> ''needles_none''), given_texts(%1$s -> ''hints_none'')))', given,
          case when filter ? 'words_none' then format('exists (select from memory_words x where x.namespace_id = m.namespace_id and x.id = m.id'
            ' and x.ts @@ (%s ->> ''words_none'')::tsquery) or', given) else 'true or' end)
      else format('not holds(m.content, given_texts(%1$s -> ''needles_none''), given_texts(%1$s -> ''hints_none''), true)', given) end end);
  if filter -> 'metadata' is null then return condition; end if;

  for i in 0..coalesce(jsonb_array_length(filter #> '{metadata,equal}'), 0) - 1 loop
    condition := condition || format(' and (m.metadata @> (%1$s #> ''{metadata,equal,%2$s,0}'') or m.metadata @> (%1$s #> ''{metadata,equal,%2$s,1}''))', given, i);
  end loop;

  -- Each field is read once for all that is asked of it; from nine values on, any() looks them up in a table of hashes. A field at the top that
  -- holds no array is answered without a query of its own, which would take most of the time.
  for f in 0..coalesce(jsonb_array_length(filter #> '{metadata,asked}'), 0) - 1 loop
    field := filter #> '{metadata,asked}' -> f;
    key := format('(%s #>> ''{metadata,asked,%s,key}'')', given, f);
    of_elements := null; of_value := null;
    for q in 0..jsonb_array_length(field -> 'questions') - 1 loop
      question := field -> 'questions' -> q;
      if question ? 'part' then
        place := format('(%s #>> ''{metadata,asked,%s,questions,%s,part}'')', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(strpos(said, %s) > 0)', place));
        of_value := concat_ws(', ', of_value, format('strpos(case jsonb_typeof(m.metadata -> %1$s) when ''string'' then m.metadata ->> %1$s end, %2$s) > 0', key, place));
      else
        place := format('any(given_values(%s #> ''{metadata,asked,%s,questions,%s,values}''))', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(v = %s)', place));
        of_value := concat_ws(', ', of_value, format('(m.metadata -> %s) = %s', key, place));
      end if;
    end loop;
    of_elements := format('(select to_jsonb(array[%s]) from jsonb_path_query(m.metadata, (%s #>> ''{metadata,asked,%s,at}'')::jsonpath, ''{}'', true) v'
      ' cross join lateral (select case jsonb_typeof(v) when ''string'' then v #>> ''{}'' end as said offset 0) s)', of_elements, given, f);
    answers := concat_ws(', ', answers, case when field ? 'key' then
      format('case jsonb_typeof(m.metadata -> %s) when ''array'' then %s else to_jsonb(array[%s]) end', key, of_elements, of_value) else of_elements end);
  end loop;

  return condition || format(' and jsonb_path_match(m.metadata, (%1$s #>> ''{metadata,path}'')::jsonpath, coalesce(%1$s #> ''{metadata,vars}'', ''{}'')%2$s, true)', given,
    ' || jsonb_build_object(''t'', to_jsonb(array[' || answers || ']))');
end $$;
revoke all on function filter_condition from public;
grant execute on function filter_condition to dakera_app, dakera_search;

/* What a memory takes in a reply, about: as JSON, where a control character takes six bytes. */
create or replace function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint language sql stable parallel safe as $$
  select 400 + octet_length(to_json(content)::text) + octet_length(metadata::text)::bigint + octet_length(to_json(tags)::text) $$;
revoke all on function reply_bytes from public;
grant execute on function reply_bytes to dakera_app;

create or replace function list_memories(target int, filter jsonb, as_stored boolean, before_time timestamptz, before_id text, skip bigint, how_many int,
  most_bytes bigint) returns setof memories
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare m memories; bytes bigint := 0; more bigint;
begin
  for m in execute format('select m.* from memories m where m.namespace_id = %s and %s%s order by %s limit $4 offset $5', target, filter_condition(filter, '$1'),
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

create or replace function count_matching(target int, filter jsonb) returns bigint
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare found_count bigint;
begin
  execute format('select count(*) from memories m where m.namespace_id = %s and %s', target, filter_condition(filter, '$1')) into found_count using filter;
  return found_count;
end $$;
revoke all on function count_matching from public;
grant execute on function count_matching to dakera_app;

create or replace function forget_matching(target int, filter jsonb) returns bigint
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare forgotten bigint;
begin
  execute format('delete from memories m where m.namespace_id = %s and %s', target, filter_condition(filter, '$1')) using filter;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
revoke all on function forget_matching from public;
grant execute on function forget_matching to dakera_app;

reset role;

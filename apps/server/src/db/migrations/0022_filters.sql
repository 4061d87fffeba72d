-- Filters carry their values as parameters, cost little whatever they hold, and a page of memories or sessions ends at a number of bytes.
-- In place of filter_condition and selected_memories of 0014, nearest_memories and matching_ids of 0015, list_memories,
-- count_matching and forget_matching of 0009. Why: docs/decisions/0023.
grant create on schema public to dakera_search;   -- until the end of this file
set role dakera_owner;

-- ── What a filter's JSON says, as SQL needs it. Immutable, so that the planner has the values before it plans. ─────────────────────

create function given_texts(list jsonb) returns text[] language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return array(select jsonb_array_elements_text(list)); end $$;

create function given_values(list jsonb) returns jsonb[] language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return array(select jsonb_array_elements(list)); end $$;

/* Not truly immutable where a time has no zone, which the server never sends. It stands in no index and in no kept plan. */
create function given_time(moment text) returns timestamptz language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp as $$
begin return moment::timestamptz; end $$;

/* SQL text of the caller's filter over memories m; only predicates that are present appear. `given` is how the statement names the
   filter itself ("$3"): every value is read from there, so none stands in the text, which Postgres writes into its log.
   The metadata filter arrives compiled (resources/memories/jsonpath.ts): {"path": <jsonpath>, "vars": {...}, "equal": pairs of which one
   must be contained, for the index, "asked": [{"at": <jsonpath>, "key": where the
   field is one at the top, "questions": [{"values": [...]} or {"part"}]}], whose answers the path knows as $t}.
   A jsonpath is a pure function of the row's metadata; even a hostile one can only answer yes or no about rows its caller may read. */
create function filter_condition(filter jsonb, given text) returns text
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
    case when filter ->> 'words_none' is not null then
      format('not exists (select from memory_words x where x.namespace_id = m.namespace_id and x.id = m.id and x.ts @@ (%s ->> ''words_none'')::tsquery)', given) end);
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

drop function filter_condition(jsonb);

create or replace function nearest_memories(target int, query_vector halfvec, supplied boolean, filter jsonb, selected text[], documents float8, how_many int) returns text[]
language plpgsql stable set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
set hnsw.iterative_scan = relaxed_order set hnsw.ef_search = 140 as $$
declare
  filtered boolean := selected is not null or filter is not null and filter <> '{}';
  is_wasm boolean := version() ~ 'wasm|emscripten';
  vectors text := case when supplied then 'm.supplied_v' else 'm.v' end;
  distance text; nearest text[];
begin
  if not filtered and not supplied and not is_wasm and to_regclass('public.memories_v_' || target) is null then
    return array(select m.id from memories m where m.namespace_id = target and m.v is not null order by m.v <=> query_vector limit how_many);
  end if;
  distance := case when is_wasm then format('(%s::vector(%s) <=> $1::vector(%2$s))', vectors, vector_dims(query_vector)) else format('(%s <=> $1)', vectors) end;
  execute format('select array_agg(id order by distance) from (select m.id, %1$s as distance from memories m'   -- relaxed order: sorted again
    ' where m.namespace_id = %2$s and %3$s is not null and %4$s order by %1$s %5$s limit %6$s) near',
    distance, target, vectors, case when selected is not null then 'm.id = any($2)' else filter_condition(filter, '$3') end,
    case when selected is not null or filtered and documents <= 20000 then '+ 0' end, how_many)
  into nearest using query_vector, selected, filter;
  return nearest;
end $$;

/* Those of these memories that a filter lets through. */
create or replace function matching_ids(target int, ids text[], filter jsonb) returns text[]
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare found_ids text[];
begin
  execute format('select array_agg(m.id) from memories m where m.namespace_id = %s and m.id = any($1) and %s', target, filter_condition(filter, '$2'))
  into found_ids using ids, filter;
  return found_ids;
end $$;

create or replace function count_matching(target int, filter jsonb) returns bigint
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare found_count bigint;
begin
  execute format('select count(*) from memories m where m.namespace_id = %s and %s', target, filter_condition(filter, '$1')) into found_count using filter;
  return found_count;
end $$;

create or replace function forget_matching(target int, filter jsonb) returns bigint
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare forgotten bigint;
begin
  execute format('delete from memories m where m.namespace_id = %s and %s', target, filter_condition(filter, '$1')) using filter;
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

/* What a memory takes in a reply, about. */
create function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint language sql stable parallel safe as $$
  select 400 + octet_length(content) + octet_length(metadata::text)::bigint + octet_length(array_to_string(tags, ' ')) $$;

/* A page of the memories that pass a filter: newest first, from behind (before_time, before_id) where given, or as stored in their session.
   Row by row, as it ends when the reply is full, and what does not fit is never read: then a last row of nulls says that there is more. */
drop function list_memories(int, jsonb, timestamptz, text, int);
create function list_memories(target int, filter jsonb, as_stored boolean, before_time timestamptz, before_id text, skip bigint, how_many int,
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

/* The same of sessions, newest first; of all that the caller may read where target is null. */
create function list_sessions(target int, active_only boolean, skip bigint, how_many int, most_bytes bigint) returns setof sessions
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare s sessions; bytes bigint := 0; more bigint;
begin
  for s in execute format('select s.* from sessions s where %s and %s order by s.started_at desc, s.id desc limit $1 offset $2',
      case when target is null then 'true' else format('s.namespace_id = %s', target) end, case when active_only then 's.ended_at is null' else 'true' end)
    using how_many, skip
  loop
    more := reply_bytes(coalesce(s.summary, ''), s.metadata, '{}');
    exit when bytes > 0 and bytes + more > most_bytes;
    bytes := bytes + more;
    return next s;
  end loop;
end $$;

revoke all on function given_texts(jsonb), given_values(jsonb), given_time(text), filter_condition(jsonb, text), reply_bytes(text, jsonb, text[]),
  list_memories(int, jsonb, boolean, timestamptz, text, bigint, int, bigint), list_sessions(int, boolean, bigint, int, bigint) from public;
grant execute on function given_texts(jsonb), given_values(jsonb), given_time(text), filter_condition(jsonb, text) to dakera_app, dakera_search;
grant execute on function reply_bytes(text, jsonb, text[]), list_memories(int, jsonb, boolean, timestamptz, text, bigint, int, bigint),
  list_sessions(int, boolean, bigint, int, bigint) to dakera_app;

set role dakera_search;

/* The memories that pass a filter, when an index finds them and there are at most `most`; else null. Both arms then look at these alone.
   SECURITY DEFINER for the same reason as lexical_search, and with the same care: GIN serves neither @> nor && under a real policy. */
create or replace function selected_memories(target int, filter jsonb, most int) returns text[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare selected text[];
begin
  if not target = any(readable_namespaces()) then return null; end if;
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then return null; end if;
  execute format('select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found',
    target, filter_condition(filter, '$1'), most + 1)
  into selected using filter;
  if cardinality(selected) > most then return null; end if;
  return coalesce(selected, '{}');
end $$;

reset role;
revoke create on schema public from dakera_search;

-- Filters: a caller's filter as an SQL condition. Every value stays in the JSON of the filter and is read from there
-- when the condition is evaluated, so no value is part of the SQL text, which Postgres writes to its log.
-- The json_* functions are immutable, so that the planner knows the values when it plans.
set role dakera_owner;

-- Returns the elements of a JSON array of strings.
create or replace function json_texts(list jsonb) returns text[]
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select jsonb_array_elements_text(list));
end $$;
revoke all on function json_texts from public;
grant execute on function json_texts to dakera_app, dakera_search;

-- Returns the elements of a JSON array.
create or replace function json_values(list jsonb) returns jsonb[]
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(select jsonb_array_elements(list));
end $$;
revoke all on function json_values from public;
grant execute on function json_values to dakera_app, dakera_search;

-- Returns a time. A time without a zone would make this not truly immutable, but the server never sends one, and no
-- index and no kept plan contains the call.
create or replace function json_time(moment text) returns timestamptz
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return moment::timestamptz;
end $$;
revoke all on function json_time from public;
grant execute on function json_time to dakera_app, dakera_search;

-- Returns the condition of a filter over memories m, as SQL text; it contains only the predicates that the filter
-- has. given: the expression for the filter in the statement, such as "$3".
-- filter.metadata arrives compiled by resources/memories/jsonpath.ts:
--   path    the jsonpath that decides; vars: its variables
--   equal   pairs of values, of each of which one must be contained; an index can look these up
--   asked   [{"at": <jsonpath>, "key": the name of a top-level field, "questions": [{"values": […]} or {"part":
-- …}]}],
--           whose answers are the variable $t of the path
-- A jsonpath is a pure function of the row's metadata, so even a hostile one can only answer yes or no about rows
-- that the caller may read.
-- filter.needles_none and filter.hints_none: the needles of the excluded words, with their longest runs (search.sql).
-- filter.words_none: the query that the words of a memory match if it may contain a needle.
create or replace function filter_condition(filter jsonb, given text) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  condition text;
  field jsonb;
  question jsonb;
  key text;
  place text;
  of_elements text;
  of_value text;
  answers text;
begin
  -- There is no query here, which would cost as much as a small recall. concat_ws skips nulls.
  condition := concat_ws(
    ' and ',
    '(m.expires_at is null or m.expires_at > now())',
    case when filter ->> 'min_importance' is not null then
      format('m.importance >= (%s ->> ''min_importance'')::real', given) end,
    case when filter ->> 'max_importance' is not null then
      format('m.importance <= (%s ->> ''max_importance'')::real', given) end,
    case when filter ->> 'memory_type' is not null then
      format('m.memory_type = (%s ->> ''memory_type'')', given) end,
    case when filter ->> 'session_id' is not null then
      format('m.session_id = (%s ->> ''session_id'')', given) end,
    case when filter ->> 'tags' is not null then
      format('m.tags @> json_texts(%s -> ''tags'')', given) end,
    case when filter ->> 'tags_any' <> '[]' then
      format('m.tags && json_texts(%s -> ''tags_any'')', given) end,
    case when filter ->> 'tags_none' is not null then
      format('not m.tags && json_texts(%s -> ''tags_none'')', given) end,
    case when filter ->> 'author' is not null then
      format('m.author = (%s ->> ''author'')', given) end,
    case when filter ->> 'ids' is not null then
      format('m.id = any(json_texts(%s -> ''ids''))', given) end,
    case
      when filter ->> 'exclude_author' = 'self' then
        'm.author is distinct from (select caller_name())'
      when filter ->> 'exclude_author' is not null then
        format('m.author is distinct from (%s ->> ''exclude_author'')', given) end,
    case when filter ->> 'since' is not null then
      format('m.created_at >= json_time(%s ->> ''since'')', given) end,
    case when filter ->> 'until' is not null then
      format('m.created_at < json_time(%s ->> ''until'')', given) end,
    case when filter ->> 'needles_none' is not null then
      case when current_user = 'dakera_search' then
        -- It may not read the content, so it asks is_excluded(). The words of a memory that is not reindexed yet
        -- (old_words) do not tell whether it can contain a needle.
        format(
          'not ((%2$s exists (select from old_words o where o.namespace_id = m.namespace_id))'
            ' and is_excluded(m.namespace_id, m.id,'
            ' json_texts(%1$s -> ''needles_none''), json_texts(%1$s -> ''hints_none'')))',
          given,
          case when filter ? 'words_none' then
            format(
              'exists (select from memory_words x where x.namespace_id = m.namespace_id and x.id = m.id'
                ' and x.ts @@ (%s ->> ''words_none'')::tsquery) or',
              given)
          else 'true or' end)
      else
        format(
          'not contains_needles(m.content,'
            ' json_texts(%1$s -> ''needles_none''), json_texts(%1$s -> ''hints_none''), true)',
          given) end end);
  if filter -> 'metadata' is null then
    return condition;
  end if;

  for i in 0..coalesce(jsonb_array_length(filter #> '{metadata,equal}'), 0) - 1 loop
    condition := condition || format(
      ' and (m.metadata @> (%1$s #> ''{metadata,equal,%2$s,0}'')'
        ' or m.metadata @> (%1$s #> ''{metadata,equal,%2$s,1}''))',
      given, i);
  end loop;

  -- Each field is read once for all of its questions; from nine values on, any() looks them up in a hash table. A
  -- top-level field that is no array is answered without a query of its own, which would take most of the time.
  for f in 0..coalesce(jsonb_array_length(filter #> '{metadata,asked}'), 0) - 1 loop
    field := filter #> '{metadata,asked}' -> f;
    key := format('(%s #>> ''{metadata,asked,%s,key}'')', given, f);
    of_elements := null;
    of_value := null;
    for q in 0..jsonb_array_length(field -> 'questions') - 1 loop
      question := field -> 'questions' -> q;
      if question ? 'part' then
        place := format('(%s #>> ''{metadata,asked,%s,questions,%s,part}'')', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(strpos(said, %s) > 0)', place));
        of_value := concat_ws(', ', of_value, format(
          'strpos(case jsonb_typeof(m.metadata -> %1$s) when ''string'' then m.metadata ->> %1$s end, %2$s) > 0',
          key, place));
      else
        place := format('any(json_values(%s #> ''{metadata,asked,%s,questions,%s,values}''))', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(v = %s)', place));
        of_value := concat_ws(', ', of_value, format('(m.metadata -> %s) = %s', key, place));
      end if;
    end loop;
    of_elements := format(
      '(select to_jsonb(array[%s])'
        ' from jsonb_path_query(m.metadata, (%s #>> ''{metadata,asked,%s,at}'')::jsonpath, ''{}'', true) v'
        ' cross join lateral (select case jsonb_typeof(v) when ''string'' then v #>> ''{}'' end as said offset 0) s)',
      of_elements, given, f);
    answers := concat_ws(', ', answers, case when field ? 'key' then
      format(
        'case jsonb_typeof(m.metadata -> %s) when ''array'' then %s else to_jsonb(array[%s]) end',
        key, of_elements, of_value)
    else of_elements end);
  end loop;

  return condition || format(
    ' and jsonb_path_match(m.metadata, (%1$s #>> ''{metadata,path}'')::jsonpath,'
      ' coalesce(%1$s #> ''{metadata,vars}'', ''{}'')%2$s, true)',
    given,
    ' || jsonb_build_object(''t'', to_jsonb(array[' || answers || ']))');
end $$;
revoke all on function filter_condition from public;
grant execute on function filter_condition to dakera_app, dakera_search;

reset role;

-- Every function as db/functions contains it: laid out for reading, with comments in plain English and names of the field.
-- No function changes what it does. Indexes, defaults, triggers and policies refer to a function by its oid, so they follow
-- a rename. Servers of older releases call none of the renamed or dropped functions themselves.
-- recall() reads the default weights from its call: they are values of the protocol (weights.ts). Servers of older releases
-- send none, and get the same.
grant create on schema public to dakera_search;   -- until the renames below are done

set role dakera_owner;
alter function fail(text, text, text) rename to raise_api_error;
alter function opens(key_secrets, keys) rename to secret_is_valid;

alter function composed(text) rename to normalize_text;
alter function parted(text) rename to mark_compounds;
alter function folded(text) rename to fold_text;
alter function plain(text) rename to literal_form;
alter function in_pairs(text, boolean) rename to cut_into_pairs;
alter function spaced(text, boolean) rename to parser_text;
alter function whole_runs(text) rename to joined_compounds;
alter function compounds(text) rename to compound_lexemes;
alter function signs() rename to symbols;
alter function signs_of(text) rename to symbols_of;
alter function own_word(int, text) rename to namespaced_lexeme;
alter function own_words(int, tsvector) rename to namespaced_lexemes;
alter function own_words_of(int, regconfig, text) rename to all_words_query;
alter function own_beginning(int, regconfig, text) rename to prefix_query;
alter function own_words_query(int, text[], text[], text, regconfig[]) rename to namespaced_query;

alter function word_score(tsvector, float8, tsquery, float8) rename to bm25_term;
alter function words_score(tsvector, float8, tsquery[], float8[]) rename to bm25;
alter function rough_score(tsvector, tsquery[], float8[]) rename to bm25_estimate;
alter function hints(text[]) rename to longest_runs;
alter function holds(text, text[], text[], boolean) rename to contains_needles;
alter function nearby(float8, int) rename to neighbour_relevance;
alter function marked(text, regconfig, tsquery, text[], text, int) rename to highlight_passage;
drop function nearest_memories(int, halfvec, boolean, jsonb, text[], float8, int);   -- they take a composed filter now
drop function matching_ids(int, text[], jsonb);

alter function given_texts(jsonb) rename to json_texts;
alter function given_values(jsonb) rename to json_values;
alter function given_time(text) rename to json_time;
reset role;

set role dakera_search;
alter function other_words(int, text[], text[], boolean) rename to expand_terms;
drop function lexical_search(int, text, jsonb, text[], int, jsonb, int);   -- it calls selected_memories() itself now
drop function selected_memories(int, jsonb, int);
reset role;
revoke create on schema public from dakera_search;

-- ── @generated from db/functions by `pnpm migration`: edit the functions there, and nothing below this line ──

set role dakera_owner;

-- Adds accesses: [{"hash": <hex>, "namespace": …, "id": …, "count": …, "at": <unix seconds>}]. `hash` is the hash of
-- the secret with which the memory was read; a memory that its key cannot read is skipped.
create or replace function record_accesses(given jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set jit = off
as $$
begin
  insert into memory_accesses as a (namespace_id, id, access_count, last_accessed_at)
  select m.namespace_id, m.id, g.count, least(to_timestamp(g.at), now())
  from jsonb_to_recordset(given) as g(hash text, namespace text, id text, count bigint, at float8)
  join key_secrets s on s.secret_hash = decode(g.hash, 'hex')
  join keys k on k.id = s.key_id and secret_is_valid(s, k)
  join namespaces n on n.name = g.namespace
  join memories m on m.namespace_id = n.id and m.id = g.id
  where g.count > 0 and (
    k.is_admin
    or exists (select from grants r where r.key_id = k.id and r.namespace = n.name and r.can_read))
  order by m.namespace_id, m.id   -- every server takes the locks in this order, so that two cannot deadlock
  for key share of m skip locked
  on conflict (namespace_id, id) do update set
    access_count = a.access_count + excluded.access_count,
    last_accessed_at = greatest(a.last_accessed_at, excluded.last_accessed_at);
end $$;
revoke all on function record_accesses from public;
grant execute on function record_accesses to dakera_app;

-- Adds usage: [{"hash": <hex>, "endpoint", "namespace", "requests", "failed", "rate_limited", "bytes", "total_ms",
-- "at": <unix seconds>}]. A hash without a key is skipped.
create or replace function record_key_usage(counted jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into key_usage as u (key_id, endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used)
  select
    k.id,
    c.endpoint,
    coalesce(n.name, ''),
    sum(c.requests),
    sum(c.failed),
    sum(c.rate_limited),
    sum(c.bytes),
    sum(c.total_ms),
    least(to_timestamp(max(c.at)), now())
  from jsonb_to_recordset(counted) as c(
    hash text, endpoint text, namespace text, requests bigint, failed bigint, rate_limited bigint, bytes bigint,
    total_ms float8, at float8)
  join key_secrets s on s.secret_hash = decode(c.hash, 'hex')
  join keys k on k.id = s.key_id
  left join namespaces n on n.name = c.namespace
  where c.requests > 0 and least(c.failed, c.rate_limited, c.bytes, c.total_ms) >= 0
  group by 1, 2, 3
  order by 1, 2, 3   -- every server takes the locks in this order, so that two cannot deadlock
  on conflict (key_id, endpoint, namespace) do update set
    requests = u.requests + excluded.requests,
    failed = u.failed + excluded.failed,
    rate_limited = u.rate_limited + excluded.rate_limited,
    bytes = u.bytes + excluded.bytes,
    total_ms = u.total_ms + excluded.total_ms,
    last_used = greatest(u.last_used, excluded.last_used);
end $$;
revoke all on function record_key_usage from public;
grant execute on function record_key_usage to dakera_app;

-- Returns the usage of a key, for an admin.
create or replace function list_key_usage(wanted text) returns table (
  endpoint text,
  namespace text,
  requests bigint,
  failed bigint,
  rate_limited bigint,
  bytes bigint,
  total_ms float8,
  last_used timestamptz
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
  perform require_admin();
  return query
  select endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used
  from key_usage
  where key_id = wanted;
end $$;
revoke all on function list_key_usage from public;
grant execute on function list_key_usage to dakera_app;

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

-- Raises an error of the API: the message is its code (packages/protocol/src/errors.ts), the detail is the sentence
-- for the caller, the hint is the resource.
create or replace function raise_api_error(code text, detail text default null, resource text default null) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'DK000',
    message = code,
    detail = coalesce(detail, ''),
    hint = coalesce(resource, '');
end $$;
revoke all on function raise_api_error from public;
grant execute on function raise_api_error to dakera_app, dakera_search;

-- Returns the hash of the presented secret, or null if the setting is not a hash. translate() is used because
-- Postgres compiles a regular expression anew in every call, which was half the time of this function.
create or replace function presented_hash() returns bytea
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  presented text := current_setting('dakera.key', true);
begin
  if length(presented) = 64 and translate(presented, '0123456789abcdef', '') = '' then
    return decode(presented, 'hex');
  end if;
  return null;
end $$;
revoke all on function presented_hash from public;

-- Returns the key of the presented secret, or nulls if there is no valid one.
create or replace function presented_key() returns keys
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_key keys;
begin
  select k.* into found_key
  from key_secrets s
  join keys k on k.id = s.key_id
  where s.secret_hash = presented_hash() and secret_is_valid(s, k);
  return found_key;
end $$;
revoke all on function presented_key from public;

-- Returns the presented key, or raises the API error that says why there is no valid one.
create or replace function require_key() returns keys
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  caller keys := presented_key();
begin
  if caller.id is null then
    perform raise_api_error(case when exists (
      select
      from key_secrets s
      join keys k on k.id = s.key_id
      where s.secret_hash = presented_hash() and k.active and least(s.expires_at, k.expires_at) <= now()
    ) then 'API_KEY_EXPIRED' else 'INVALID_API_KEY' end);
  end if;
  return caller;
end $$;
revoke all on function require_key from public;

-- Returns the presented key if it is an admin key; otherwise raises an API error.
create or replace function require_admin() returns keys
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  caller keys := require_key();
begin
  if not caller.is_admin then
    perform raise_api_error('INSUFFICIENT_SCOPE', 'This call needs an admin key.');
  end if;
  return caller;
end $$;
revoke all on function require_admin from public;

-- Returns the ids of the namespaces in which the caller has this access: read, write (append), or edit, which needs
-- both, since to change or remove a memory is to learn that it exists.
-- Every policy of every statement calls this, so it looks the key up itself: 29 µs instead of 46 through
-- presented_key().
create or replace function granted_namespaces(access text) returns int[]
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  presented text := current_setting('dakera.key', true);
  granted int[];
begin
  if length(presented) <> 64 or translate(presented, '0123456789abcdef', '') <> '' then
    return '{}';
  end if;
  select case
    when k.is_admin then array(select id from namespaces)
    else array(
      select n.id
      from grants g
      join namespaces n on n.name = g.namespace
      where g.key_id = k.id
        and case access when 'read' then g.can_read when 'write' then g.can_write else g.can_read and g.can_write end)
    end
  into granted
  from key_secrets s
  join keys k on k.id = s.key_id
  where s.secret_hash = decode(presented, 'hex') and secret_is_valid(s, k);
  return coalesce(granted, '{}');
end $$;
revoke all on function granted_namespaces from public;
grant execute on function granted_namespaces to dakera_app, dakera_search;

-- Returns true if the caller is an admin; raises an API error if there is no valid key.
create or replace function caller_is_admin() returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (require_key()).is_admin;
end $$;
revoke all on function caller_is_admin from public;
grant execute on function caller_is_admin to dakera_app;

-- Returns true if the caller is an admin, false for everybody else; the policies call it.
create or replace function is_admin() returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return coalesce((presented_key()).is_admin, false);
end $$;
revoke all on function is_admin from public;
grant execute on function is_admin to dakera_app;

-- Returns the name of the presented key, or null.
create or replace function caller_name() returns text
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return (presented_key()).name;
end $$;
revoke all on function caller_name from public;
grant execute on function caller_name to dakera_app, dakera_search;

-- Raises an error if row-level security does not bind the current role. Otherwise a connection pooler that drops the
-- start parameter "role" would leave the server with all the rights of its login, and nobody would notice.
create or replace function require_bound_role() returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_user <> 'dakera_app' and (
    pg_has_role(current_user, 'dakera_owner', 'member')
    or exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls))
  ) then
    raise exception
      'This connection acts as %, which row-level security does not bind. It must act as dakera_app.', current_user
      using errcode = 'DK001';
  end if;
end $$;
revoke all on function require_bound_role from public;
grant execute on function require_bound_role to dakera_app;

-- Returns the presented key as describe_key() does.
create or replace function whoami() returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return describe_key(require_key());
end $$;
revoke all on function whoami from public;
grant execute on function whoami to dakera_app;

-- Returns a key as the API shows it; `grants` is {"namespace": "read" | "write" | "read_write"}.
create or replace function describe_key(k keys) returns jsonb
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
  select jsonb_build_object(
    'id', k.id,
    'name', k.name,
    'is_admin', k.is_admin,
    'active', k.active,
    'created_at', floor(extract(epoch from k.created_at))::bigint,
    'expires_at', floor(extract(epoch from k.expires_at))::bigint,
    'grants', (
      select coalesce(
        jsonb_object_agg(
          namespace,
          case when can_read and can_write then 'read_write' when can_read then 'read' else 'write' end
          order by namespace),
        '{}')
      from grants
      where key_id = k.id))
$$;
revoke all on function describe_key from public;

-- Returns keys, oldest first, starting after the key `after`. All of them if how_many is null.
create or replace function list_keys(after text, how_many int) returns setof jsonb
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  return query
  select describe_key(k)
  from keys k
  where after is null or (created_at, id) > (select created_at, id from keys where id = after)
  order by created_at, id
  limit how_many;
end $$;
revoke all on function list_keys from public;
grant execute on function list_keys to dakera_app;

-- Locks a key for a change and returns it; nulls if there is none. Refuses the root key, which belongs to the
-- operator of the server and not to the API.
create or replace function lock_key(wanted text) returns keys
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_key keys;
begin
  perform require_admin();
  select * into found_key from keys where id = wanted for update;
  if found_key.id = 'key_root' then
    perform raise_api_error(
      'CONFLICT',
      'The root key is set where the server is started (DAKERA_ROOT_API_KEY). Change it there.',
      wanted);
  end if;
  return found_key;
end $$;
revoke all on function lock_key from public;

-- Adds a secret to a key; raises an API error if the secret is taken.
create or replace function add_secret(target text, new_hash bytea) returns void
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into key_secrets (secret_hash, key_id) values (new_hash, target);
exception when unique_violation then
  perform raise_api_error(
    'CONFLICT',
    'This secret is taken. Choose another one, or leave it out to get a random one.');
end $$;
revoke all on function add_secret from public;

-- Changes the grants of a key. changes: {"namespace": "read" | "write" | "read_write" | "none"}; "none" removes the
-- grant.
create or replace function set_grants(target text, changes jsonb) returns void
language sql volatile
set search_path = pg_catalog, public, pg_temp
as $$
  delete from grants
  using jsonb_each_text(changes) c(namespace, access)
  where grants.key_id = target and grants.namespace = c.namespace and c.access = 'none';

  insert into grants (key_id, namespace, can_read, can_write)
  select target, namespace, access in ('read', 'read_write'), access in ('write', 'read_write')
  from jsonb_each_text(changes) c(namespace, access)
  where access <> 'none'
  on conflict (key_id, namespace) do update set
    can_read = excluded.can_read,
    can_write = excluded.can_write;
$$;
revoke all on function set_grants from public;

-- Makes this the only secret of the root key, and creates that key if it does not exist. Only the owner may call it,
-- at the start of the server: this is where the first admin comes from.
create or replace function set_root_secret(new_hash bytea) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into keys (id, name, is_admin) values ('key_root', 'root', true)
  on conflict (id) do update set is_admin = true, active = true;
  if exists (select from key_secrets where secret_hash = new_hash and key_id = 'key_root') then
    delete from key_secrets where key_id = 'key_root' and secret_hash <> new_hash;
  else
    delete from key_secrets where key_id = 'key_root';
    perform add_secret('key_root', new_hash);
  end if;
end $$;
revoke all on function set_root_secret from public;

-- Raises an API error if the name is "root". Memories show the name of the key that stored them, so no other key may
-- have the name of the operator's.
create or replace function refuse_root_name(wanted text) returns void
language plpgsql immutable
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if lower(trim(wanted)) = 'root' then
    perform raise_api_error('CONFLICT', 'name: the name "root" belongs to the root key. Choose another one.');
  end if;
end $$;
revoke all on function refuse_root_name from public;

-- Returns true if a usable key other than but_of has this name. Only the name of their key distinguishes the authors
-- of memories.
create or replace function name_is_taken(wanted text, but_of text) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  return exists (
    select
    from keys
    where name = wanted and id <> but_of and active and (expires_at is null or expires_at > now()));
end $$;
revoke all on function name_is_taken from public;
grant execute on function name_is_taken to dakera_app;

-- Changes a key and returns it; null if there is none. changes: see set_grants(). only_namespaces: grants on all
-- other namespaces are removed; if it is null, they are kept.
create or replace function update_key(
  wanted text,
  new_name text,
  changes jsonb,
  only_namespaces text[]
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target keys := lock_key(wanted);
begin
  if target.id is null then
    return null;
  end if;
  perform refuse_root_name(new_name);
  if new_name <> target.name and name_is_taken(new_name, target.id) then
    perform raise_api_error(
      'CONFLICT',
      format('name: another key is called "%s". Only the name distinguishes what they store.', new_name),
      wanted);
  end if;
  update keys set name = coalesce(new_name, name) where id = target.id;
  if only_namespaces is not null then
    delete from grants where key_id = target.id and namespace <> all(only_namespaces);
  end if;
  perform set_grants(target.id, changes);
  return find_key(target.id);
end $$;
revoke all on function update_key from public;
grant execute on function update_key to dakera_app;

-- Gives a key a new secret and returns the key with `old_expires_at`; null if there is none. The old secrets expire
-- after grace_seconds; at 0 they are deleted.
create or replace function rotate_key(wanted text, new_hash bytea, grace_seconds int) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target keys := lock_key(wanted);
  ends_at timestamptz := now() + grace_seconds * interval '1 second';
begin
  if target.id is null then
    return null;
  end if;
  if not target.active then
    perform raise_api_error(
      'CONFLICT',
      'The key is deactivated, so a new secret would not work. Create a new key instead.',
      wanted);
  elsif target.expires_at <= now() then
    perform raise_api_error(
      'CONFLICT',
      'The key has expired, so a new secret would not work. Create a new key instead.',
      wanted);
  end if;
  if grace_seconds = 0 then
    delete from key_secrets where key_id = target.id;
  else
    update key_secrets set expires_at = least(expires_at, ends_at) where key_id = target.id;
  end if;
  perform add_secret(target.id, new_hash);
  return find_key(target.id)
    || jsonb_build_object('old_expires_at', floor(extract(epoch from ends_at))::bigint);
end $$;
revoke all on function rotate_key from public;
grant execute on function rotate_key to dakera_app;

-- Deactivates a key and returns it; null if there is none.
create or replace function deactivate_key(wanted text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target keys := lock_key(wanted);
begin
  update keys set active = false where id = target.id;
  return find_key(target.id);
end $$;
revoke all on function deactivate_key from public;
grant execute on function deactivate_key to dakera_app;

-- Deletes a key and returns it as it was; null if there was none.
create or replace function delete_key(wanted text) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target keys := lock_key(wanted);
  deleted jsonb := find_key(target.id);
begin
  delete from keys where id = target.id;
  return deleted;
end $$;
revoke all on function delete_key from public;
grant execute on function delete_key to dakera_app;

-- Returns the keys that have a grant on a namespace, oldest first.
create or replace function list_namespace_keys(place text) returns setof jsonb
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  return query
  select describe_key(k)
  from keys k
  join grants g on g.key_id = k.id
  where g.namespace = place
  order by k.created_at, k.id;
end $$;
revoke all on function list_namespace_keys from public;
grant execute on function list_namespace_keys to dakera_app;

-- Deletes a key if this is its only grant, and otherwise removes only this grant. Returns true if the key was
-- deleted, and null if it had no grant on this namespace.
create or replace function delete_namespace_key(wanted text, place text) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target keys := lock_key(wanted);
  is_only_grant boolean;
begin
  if not exists (select from grants where key_id = target.id and namespace = place) then
    return null;
  end if;
  is_only_grant := not target.is_admin
    and not exists (select from grants where key_id = target.id and namespace <> place);
  if is_only_grant then
    delete from keys where id = target.id;
  else
    delete from grants where key_id = target.id and namespace = place;
  end if;
  return is_only_grant;
end $$;
revoke all on function delete_namespace_key from public;
grant execute on function delete_namespace_key to dakera_app;

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

-- Stores 1 to 1000 memories, all or none, and returns the values that the database assigned to each, in order. The
-- caller's own policies decide (security invoker).
-- memories: a JSON array with the fields of the API. embeddings[i] and supplied[i]: the vectors of memory i; each may
-- be null. embedder: the model that made the embeddings.
-- A repeated idempotency_key with the same request (its fingerprint) stores nothing and returns the first reply,
-- after the grant was checked again.
-- There is no RETURNING, since it would need the select policy, which a write-only key does not pass; the values that
-- the trigger assigns are known here.
-- plan_cache_mode: Postgres would plan the insert anew in every call, which is 0.4 of 2.8 ms, as it considers the
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

-- Returns the namespace if the caller has this access (read, write or edit); nulls if the caller has it and the
-- namespace does not exist; otherwise raises an API error. Without a grant, "not yours" and "does not exist" are the
-- same error; an admin sees every namespace. Security definer: it reads the grants.
create or replace function resolve_namespace(wanted text, access text) returns namespaces
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  caller keys := require_key();
  found_namespace namespaces;
  granted grants;
begin
  if not caller.is_admin then
    select * into granted from grants where key_id = caller.id and namespace = wanted;
    if granted.key_id is null then
      perform raise_api_error(
        'NAMESPACE_ACCESS_DENIED',
        format('The API key has no grant on the namespace "%s".', wanted),
        wanted);
    elsif access in ('read', 'edit') and not granted.can_read then
      perform raise_api_error(
        'INSUFFICIENT_SCOPE',
        format('The API key may only append to "%s"; this call needs a grant that reads.', wanted),
        wanted);
    elsif access in ('write', 'edit') and not granted.can_write then
      perform raise_api_error(
        'INSUFFICIENT_SCOPE',
        format('The API key may read "%s" but not write to it.', wanted),
        wanted);
    end if;
  end if;
  select * into found_namespace from namespaces where name = wanted;
  return found_namespace;
end $$;
revoke all on function resolve_namespace from public;
grant execute on function resolve_namespace to dakera_app;

-- Returns the namespace for a write, and creates it on its first use. An admin may write to any name, including a
-- misspelt one, so the setting dakera.created tells the server that the namespace is new; any other key has a grant
-- on exactly this name.
create or replace function open_namespace(wanted text) returns namespaces
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_namespace namespaces := resolve_namespace(wanted, 'write');
begin
  if found_namespace.id is null then
    insert into namespaces (name) values (wanted) on conflict (name) do nothing;
    if found and (presented_key()).is_admin then
      perform set_config('dakera.created', wanted, true);
    end if;
    select * into found_namespace from namespaces where name = wanted;
  end if;
  return found_namespace;
end $$;
revoke all on function open_namespace from public;
grant execute on function open_namespace to dakera_app;

-- Deletes a namespace with its memories, its statistics and every grant on its name, for an admin. Returns the number
-- of deleted vectors; null if there was no such namespace.
create or replace function delete_namespace(wanted text) returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  target int;
  deleted bigint;
begin
  perform require_admin();
  select id into target from namespaces where name = wanted for update;
  if target is null then
    return null;
  end if;
  select vectors into deleted from count_memories(array[target]);
  delete from grants where namespace = wanted;
  delete from namespaces where id = target;
  delete from statistics_deltas where namespace_id = target;
  return deleted;
end $$;
revoke all on function delete_namespace from public;
grant execute on function delete_namespace to dakera_app;

-- Returns, for each of these namespaces that the caller may read, the number of live memories and of vectors of the
-- server's embedder. Security definer: it reads the statistics, and checks the grant itself.
create or replace function count_memories(targets int[]) returns table (
  namespace_id int,
  documents bigint,
  vectors bigint
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  with target as (
    select unnest(targets) as id
    intersect
    select unnest(readable_namespaces())
  ),
  part as (
    select s.namespace_id, s.documents, s.vectors
    from namespace_statistics s
    join target t on t.id = s.namespace_id
    union all
    select d.namespace_id, sum(d.sign), sum(d.sign * d.vectors)
    from statistics_deltas d
    join target t on t.id = d.namespace_id
    group by 1
    union all   -- expired, and not moved yet
    select w.namespace_id, -count(*), -count(m.v)
    from target t
    join memory_words w on w.namespace_id = t.id
    join memories m on m.namespace_id = w.namespace_id and m.id = w.id
    where w.expires_at <= now()
    group by 1
  )
  select t.id, coalesce(sum(p.documents), 0)::bigint, coalesce(sum(p.vectors), 0)::bigint
  from target t
  left join part p on p.namespace_id = t.id
  group by t.id;
end $$;
revoke all on function count_memories from public;
grant execute on function count_memories to dakera_app;

-- Raises an API error if the vectors of the database were made by another model: the server has not noticed that the
-- database switched to a new one. For a write it also keeps the database from switching until the transaction ends;
-- writers do not wait for each other.
create or replace function require_embedder(model text, for_write boolean) returns void
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
declare
  space text;
begin
  if for_write then
    perform pg_advisory_xact_lock_shared(hashtext('dakera_embedding_space'));
  end if;
  space := (select s.model from embedding_space s);
  if model <> space then
    perform raise_api_error(
      'SERVICE_UNAVAILABLE',
      format(
        'The vectors of this database are now made by %s, but this server embeds with %s. '
          'Try again; if the error persists, restart the server with the new model.',
        space, model));
  end if;
end $$;
revoke all on function require_embedder from public;
grant execute on function require_embedder to dakera_app;

-- Returns the options of a recall: those of the request, else of its namespace, else the defaults that the server
-- sends with each call, which are DEFAULT_WEIGHTS of the protocol.
create or replace function recall_options(weights jsonb, options jsonb, k int) returns record
language plpgsql immutable
as $$
declare
  -- Servers of releases before 0028 send none, and may still run during an upgrade.
  defaults constant jsonb := '{"vector": 0.35, "importance": 0.1, "recency": 0.05, "half_life_days": 30,
    "context": 0.55, "speaker": 0.5, "question": 0.1}';
  o record;
begin
  select * into o
  from jsonb_to_record(defaults || coalesce(options -> 'defaults', '{}') || weights || coalesce(options, '{}')) as t(
    vector float8,
    importance float8,
    recency float8,
    half_life_days float8,
    context float8,
    speaker float8,
    question float8,
    min_score float8,
    explain boolean,
    highlight boolean,
    vectors boolean,
    search jsonb,
    pool int,
    budget int,
    supplied boolean,
    embedder text);
  o.vector := least(greatest(o.vector, 0), 1);
  o.importance := least(greatest(o.importance, 0), 1);
  o.recency := least(greatest(o.recency, 0), 1);
  o.half_life_days := greatest(o.half_life_days, 0.001);
  o.context := least(greatest(o.context, 0), 1);
  o.speaker := least(greatest(o.speaker, 0), 1);
  o.question := least(greatest(o.question, 0), 1);
  -- 50 candidates found nothing more among the first k: docs/decisions/0014.
  o.pool := least(greatest(coalesce(o.pool, greatest(25, 3 * k)), k), 1000);
  o.budget := coalesce(o.budget, 3000);
  o.supplied := coalesce(o.supplied, false);
  return o;
end $$;
revoke all on function recall_options from public;
grant execute on function recall_options to dakera_app;

-- Returns how the score of a hit of recall() came about.
create or replace function explain_score(hit record, o record, bm25_max float8) returns jsonb
language plpgsql stable
as $$
begin
  return jsonb_build_object(
    'relevance', hit.relevance,
    'own', hit.own,
    'context', jsonb_build_object('value', hit.context, 'weight', o.context),
    'speaker', jsonb_build_object('value', hit.said::int, 'weight', o.speaker),
    'question', jsonb_build_object('value', hit.asks::int, 'weight', o.question),
    'vector_weight', o.vector,
    'factor', hit.factor,
    'exact', hit.exact,
    'text', jsonb_build_object('rank', hit.text_rank, 'bm25', hit.bm25, 'bm25_max', bm25_max, 'score', hit.text_score),
    'vector', jsonb_build_object('rank', hit.vector_rank, 'cosine', hit.cosine, 'score', hit.vector_score),
    'importance', jsonb_build_object('value', hit.importance, 'weight', o.importance),
    'recency', jsonb_build_object('value', hit.recency, 'weight', o.recency, 'half_life_days', o.half_life_days));
end $$;
revoke all on function explain_score from public;
grant execute on function explain_score to dakera_app;

-- Returns the k best memories of one namespace for a text and its vector; for the text alone if query_vector is null.
-- Raises an API error without a grant. Every row passes the caller's own policy, whatever the arms proposed (security
-- invoker). options:
--   vector, importance, recency, half_life_days, context, speaker, question   the weights above
--   defaults     the same seven, of which namespaces.weights overrides those it has: DEFAULT_WEIGHTS of the protocol
--   min_score    leaves out lower scores
--   explain, highlight, vectors   return these columns too
--   pool         candidates of each arm
--   budget       memories that the lexical arm visits at most
--   embedder     the model of query_vector
--   supplied     query_vector is to be compared with the vectors of callers instead of the embedder's
--   search       {all, prefixes, none, none_prefixes, typos, only}: memories that contain every word, phrase and
-- beginning
--                of a word come first; if `only` is true, no others follow; memories that contain one of `none` never
-- do
create or replace function recall(
  key_hash bytea,
  namespace text,
  query_text text,
  query_vector halfvec,
  k int default 5,
  filter jsonb default null,
  options jsonb default null
) returns table (
  id text,
  content text,
  memory_type text,
  importance real,
  tags text[],
  metadata jsonb,
  session_id text,
  author text,
  valid_from timestamptz,
  created_at timestamptz,
  updated_at timestamptz,
  expires_at timestamptz,
  version int,
  access_count bigint,
  last_accessed_at timestamptz,
  exact boolean,
  score float8,
  text_score float8,
  vector_score float8,
  explain jsonb,
  highlights text[],
  vector halfvec
)
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  place namespaces;
  o record;
  w float8;
  condition text;
  lexical record;
  near_ids text[];
  exact_only boolean;
  uses_context boolean;
  names text[];
  none text[];
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);   -- first: the policies below depend on it
  place := resolve_namespace(namespace, 'read');
  if place.id is null then
    return;
  end if;

  o := recall_options(place.weights, options, k);
  w := o.vector;
  if o.embedder is not null then
    perform require_embedder(o.embedder, false);
  end if;
  if o.supplied and vector_dims(query_vector) <> place.dimension then
    perform raise_api_error(
      'DIMENSION_MISMATCH',
      format(
        'The embedding has %s numbers; the namespace "%s" declares %s.',
        vector_dims(query_vector), place.name, place.dimension),
      place.name);
  end if;
  exact_only := coalesce((o.search -> 'only')::boolean, false);

  if jsonb_array_length(o.search -> 'none') + jsonb_array_length(o.search -> 'none_prefixes') > 0 then
    none := needles(json_texts(o.search -> 'none'), json_texts(o.search -> 'none_prefixes'));
    if none <> '{}' then
      filter := coalesce(filter, '{}') || jsonb_strip_nulls(jsonb_build_object(
        'needles_none', none,
        'hints_none', longest_runs(none),
        'words_none', namespaced_query(
          null,
          json_texts(o.search -> 'none'),
          json_texts(o.search -> 'none_prefixes'),
          ' | ',
          configurations_of(place.id))::text));
    end if;
  end if;
  -- What follows here reads memories by this text. lexical_search() composes its own, since it takes no SQL, and asks
  -- for contents in another way.
  if filter <> '{}' then
    condition := filter_condition(filter, '$1');
  end if;
  lexical := lexical_search(
    place.id,
    case when w < 1 or o.search is not null then query_text else '' end,
    filter,
    o.pool,
    o.search,
    o.budget);
  if query_vector is not null and w > 0 and not exact_only then
    near_ids := nearest_memories(
      place.id, query_vector, o.supplied, condition, filter, lexical.selected, lexical.documents, o.pool);
  end if;

  uses_context := o.context > 0 and o.search is null;
  if o.speaker > 0 then
    names := array(   -- is_said_by() reads 48 letters, so a longer word is no name
      select name
      from regexp_split_to_table(lower(query_text), '\W+') name
      where length(name) <= 48
        and name ~ '^[[:alpha:]].'
        and to_tsvector(
          case place.text_config when 'auto' then 'english' else place.text_config end::regconfig,
          name) <> ''
      limit 32);
  end if;

  -- Static, so that it is planned once per session and not in every call. "offset 0" keeps each look-up one by all
  -- columns of its index: planned while a table is nearly empty, a join would read the whole namespace for every row,
  -- and the session would keep that plan while the table grows.
  return query
  with candidate as materialized (
    select t.id, min(t.text_rank) as text_rank, min(t.bm25) as bm25, min(t.vector_rank) as vector_rank
    from (
      select id, position as text_rank, bm25, null::bigint as vector_rank
      from rows from (unnest(lexical.ids), unnest(lexical.scores)) with ordinality as found(id, bm25, position)
      union all
      select id, null, null, position
      from unnest(near_ids) with ordinality as near(id, position)
    ) t
    group by t.id
  ),
  proposed as materialized (   -- both sides of every candidate, whichever arm proposed it
    select
      m.*,
      c.text_rank,
      c.vector_rank,
      coalesce(
        c.bm25,
        (
          select bm25(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
          from memory_words x
          where x.namespace_id = place.id and x.id = c.id
        ), 0) as bm25,
      coalesce(1 - (case when o.supplied then m.supplied_v else m.v end <=> query_vector), 0) as cosine
    from candidate c
    cross join lateral (select * from memories x where x.namespace_id = place.id and x.id = c.id offset 0) m
  ),
  beside as materialized (   -- the memories right before and after the best of them in a session
    select distinct on (n.id) n.*
    from (
      select p.session_id, p.session_position
      from proposed p
      where uses_context and p.session_id is not null
      order by (1 - w) * coalesce(p.bm25 / lexical.bm25_max, 0) + w * greatest(p.cosine, 0) desc, p.id desc
      limit 20
    ) p
    cross join lateral (values (p.session_position - 1), (p.session_position + 1)) turn(position)
    cross join lateral (
      select *
      from memories x
      where x.namespace_id = place.id
        and x.session_id = p.session_id
        and x.session_position = turn.position
      offset 0
    ) n
    where not exists (select from proposed q where q.id = n.id)
  ),
  everyone as (
    select * from proposed
    union all
    select
      b.*,
      null,
      null,
      coalesce(
        (
          select bm25(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
          from memory_words x
          where x.namespace_id = place.id and x.id = b.id
        ), 0),
      coalesce(1 - (case when o.supplied then b.supplied_v else b.v end <=> query_vector), 0)
    from beside b
    where condition is null
      or b.id = any(matching_ids(place.id, array(select id from beside), condition, filter))
  ),
  scored as (
    select
      e.*,
      coalesce(e.id = any(lexical.exact_ids), false) as exact,
      case when o.vectors then case when o.supplied then e.supplied_v else e.v end end as vector,
      coalesce(is_said_by(e.content, names), false) as said,
      is_question(e.content) as asks,
      0.5::float8 ^ (
        greatest(extract(epoch from now() - e.created_at)::float8, 0::float8) / (86400::float8 * o.half_life_days)
      ) as recency
    from everyone e
  ),
  related as (
    select
      s.*,
      coalesce(s.bm25 / lexical.bm25_max, 0) as text_score,
      greatest(s.cosine, 0) as vector_score,
      (1 + o.importance * (2 * s.importance - 1) + o.recency * s.recency) / (1 + o.importance + o.recency) as factor
    from scored s
  ),
  weighed as (
    select r.*, (1 - w) * r.text_score + w * r.vector_score as own
    from related r
  ),
  neighboured as (   -- the context that the candidates next to it in its session lend
    select
      e.*,
      case
        when e.session_id is null then 0
        else greatest(
          case when e.asks_before and e.session_position - e.position_before = 1 then 1.3 else 1 end
            * neighbour_relevance(e.own_before, e.session_position - e.position_before),
          neighbour_relevance(e.own_before_that, e.session_position - e.position_before_that),
          neighbour_relevance(e.own_after, e.position_after - e.session_position),
          neighbour_relevance(e.own_after_that, e.position_after_that - e.session_position))
      end as context
    from (
      select
        g.*,
        lag(g.asks) over turns as asks_before,
        lag(g.own) over turns as own_before,
        lag(g.session_position) over turns as position_before,
        lag(g.own, 2) over turns as own_before_that,
        lag(g.session_position, 2) over turns as position_before_that,
        lead(g.own) over turns as own_after,
        lead(g.session_position) over turns as position_after,
        lead(g.own, 2) over turns as own_after_that,
        lead(g.session_position, 2) over turns as position_after_that
      from weighed g
      window turns as (partition by g.session_id order by g.session_position, g.created_at, g.id)
    ) e
  ),
  best as (
    select r.*, relevance, relevance * r.factor as score
    from neighboured r
    cross join lateral (select r.own + o.context * r.context * (1 - r.own) as lent) b
    cross join lateral (
      select (case when r.said then lent + o.speaker * lent * (1 - lent) else lent end)
        * case when r.asks then 1 - o.question else 1 end as relevance
    ) blend
    where (r.exact or relevance > 0 and not exact_only) and relevance * r.factor >= coalesce(o.min_score, 0)
    order by r.exact desc, score desc, r.importance desc, r.created_at desc, r.id desc
    limit k
  )
  select
    b.id,
    b.content,
    b.memory_type,
    b.importance,
    b.tags,
    b.metadata,
    b.session_id,
    b.author,
    b.valid_from,
    b.created_at,
    b.updated_at,
    b.expires_at,
    b.version,
    a.access_count,
    a.last_accessed_at,
    b.exact,
    b.score,
    b.text_score,
    b.vector_score,
    case when o.explain then explain_score(b, o, lexical.bm25_max) end,
    case when o.highlight then highlight(place.id, b.content, lexical.words, query_text) end,
    b.vector
  from best b
  left join lateral (
    select x.access_count, x.last_accessed_at
    from memory_accesses x
    where x.namespace_id = place.id and x.id = b.id
    offset 0
  ) a on true
  order by b.exact desc, b.score desc, b.importance desc, b.created_at desc, b.id desc;
end $$;
revoke all on function recall from public;
grant execute on function recall to dakera_app;

-- Loads the library of pgvector, without which only a superuser may name the hnsw settings below.
do $$ begin perform '[1]'::halfvec; end $$;

-- Returns the ids of the memories nearest to a vector, nearest first, among those that pass the caller's policy and
-- the filter. selected: only these memories; if it is null, all that pass the filter. condition: the
-- filter_condition() of the filter, which is $1; null if there is none. The caller's own SQL may be passed here: it
-- runs with the caller's rights.
-- hnsw.ef_search: with m = 12 (jobs/vector-indexes.ts) an element of the index has fewer neighbours than by default,
-- so more candidates are kept to compensate.
create or replace function nearest_memories(
  target int,
  query_vector halfvec,
  supplied boolean,
  condition text,
  filter jsonb,
  selected text[],
  documents float8,
  how_many int
) returns text[]
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 140
as $$
declare
  filtered boolean := condition is not null;
  is_wasm boolean := version() ~ 'wasm|emscripten';
  vectors text := case when supplied then 'm.supplied_v' else 'm.v' end;
  distance text;
  nearest text[];
begin
  if not filtered and not supplied and not is_wasm and to_regclass('public.memories_v_' || target) is null then
    return array(
      select m.id
      from memories m
      where m.namespace_id = target and m.v is not null
      order by m.v <=> query_vector
      limit how_many);
  end if;
  distance := case
    when is_wasm then format('(%s::vector(%s) <=> $3::vector(%2$s))', vectors, vector_dims(query_vector))
    else format('(%s <=> $3)', vectors)
  end;
  -- A relaxed order is only nearly sorted, so the result is sorted again. "+ 0" keeps a filtered query off the index.
  execute format(
    'select array_agg(id order by distance)'
      ' from (select m.id, %1$s as distance from memories m'
      ' where m.namespace_id = %2$s and %3$s is not null and %4$s order by %1$s %5$s limit %6$s) near',
    distance,
    target,
    vectors,
    case when selected is not null then 'm.id = any($2)' else coalesce(condition, filter_condition(null, '$1')) end,
    case when selected is not null or filtered and documents <= 20000 then '+ 0' end,
    how_many)
  into nearest
  using filter, selected, query_vector;
  return nearest;
end $$;
revoke all on function nearest_memories from public;
grant execute on function nearest_memories to dakera_app;

-- Returns those of these memories that a filter lets through. condition: as in nearest_memories().
create or replace function matching_ids(target int, ids text[], condition text, filter jsonb) returns text[]
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_ids text[];
begin
  execute format(
    'select array_agg(m.id) from memories m where m.namespace_id = %s and m.id = any($2) and %s',
    target, condition)
  into found_ids
  using filter, ids;
  return found_ids;
end $$;
revoke all on function matching_ids from public;
grant execute on function matching_ids to dakera_app;

-- Returns the relevance that a neighbour in a session lends: all of its own at distance 1, less at 2, none beyond.
create or replace function neighbour_relevance(relevance float8, distance int) returns float8
language sql immutable parallel safe
as $$
  select case when distance <= 1 then relevance when distance = 2 then 0.8 * relevance else 0 end
$$;
revoke all on function neighbour_relevance from public;
grant execute on function neighbour_relevance to dakera_app;

-- Returns true if a content ends with a question mark of any script.
create or replace function is_question(content text) returns boolean
language sql immutable parallel safe
as $$
  select right(rtrim(right(content, 8), E' \n\t"''”’)]'), 1) in ('?', '？', '؟')
$$;
revoke all on function is_question from public;
grant execute on function is_question to dakera_app;

-- Returns true if a content begins with a name and a colon, as in a transcript, and the name is one of these, which
-- are in lower case.
create or replace function is_said_by(content text, names text[]) returns boolean
language sql immutable parallel safe
as $$
  select strpos(left(content, 48), ':') > 0
    and string_to_array(lower(btrim(split_part(left(content, 48), ':', 1), ' *_"[]()')), ' ') && names
    and split_part(split_part(left(content, 48), ':', 1), ' ', 3) = ''
$$;
revoke all on function is_said_by from public;
grant execute on function is_said_by to dakera_app;

-- Returns up to three fragments of a content around its hits. Only those passages of a long content are analyzed in
-- which a word of the query begins, as 100,000 letters take a quarter of a second.
create or replace function highlight(target int, content text, words tsquery[], asked text) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
  script constant text := unspaced_letters();
  wanted tsquery;
  runs text[] := '{}';
  pattern text;
  beginnings text;
  seen text;
  place int;
  behind int := 1;
  start int;
  taken int := 0;
  passage text;
  fragments text[] := '{}';
begin
  wanted := (
    select string_agg(word::text, ' | ')::tsquery
    from unnest(words) word
    where not starts_with(word::text, '''='));
  if wanted is null then   -- the query has only stop words: The Who
    runs := string_to_array(replace(literal_form(left(asked, 1000)), E'\2', ''), E'\1');
  end if;
  if config = 'auto' then
    config := detect_language(left(content, 1000));
  end if;
  pattern := (   -- Postgres does not segment scripts without spaces: their runs in the query, and every pair of these
    select string_agg(part, '|' order by length(part) desc, part)
    from (
      select distinct part
      from regexp_matches(left(asked, 1000), '[' || script || ']+', 'g') run
      cross join lateral string_to_array(run[1], null) letters
      cross join lateral (
        select run[1] as part
        union
        select letter || following
        from unnest(letters, letters[2:]) pair(letter, following)
        where following is not null
      ) parts
    ) found);
  if length(content) <= 2000 then
    return highlight_passage(content, config::regconfig, wanted, runs, pattern, 3);
  end if;

  -- How words with these stems may begin. They are letters and digits only, so none is special in a regular
  -- expression.
  beginnings := concat_ws(
    '|',
    (
      select string_agg(
        case
          when length(run) < 4 then '(?:^|[' || separators() || '])' || run
          else left(run, greatest(3, length(run) - 2))
        end,
        '|')
      from (
        select distinct left(run, 40) as run
        from (
          select ltrim(btrim(word::text, ''''), '=') as run from unnest(words) word
          union all
          select unnest(runs)
        ) given
        where run <> '' and run !~ ('[\u0001\u0002' || separators() || script || ']')
        limit 32
      ) r
    ),
    pattern);
  if beginnings = '' then
    return '{}';
  end if;
  seen := lower(content collate "default");
  while behind <= length(seen) and taken < 8 and cardinality(fragments) < 3 loop
    -- In portions, since regexp_instr() finds every place before it returns the first.
    place := regexp_instr(substr(seen, behind, 4000), beginnings);
    if place = 0 then
      behind := behind + 3900;
      continue;
    end if;
    place := behind + place - 1;
    start := greatest(behind, place - 60);
    passage := substr(content, start, 600);
    if start > 1 and strpos(left(passage, 59), ' ') > 0 then   -- do not begin in the middle of a word
      passage := substr(passage, strpos(passage, ' ') + 1);
    end if;
    fragments := fragments || highlight_passage(passage, config::regconfig, wanted, runs, pattern, 1);
    taken := taken + 1;
    behind := place + 540;
  end loop;
  return fragments;
end $$;
revoke all on function highlight from public;
grant execute on function highlight to dakera_app;

-- Returns up to `most` fragments of a passage around its hits, each hit between ** and **. The parts of a compound
-- are words too. runs: words that are hits exactly as they are written, where stems do not decide. pattern: the hits
-- in scripts without spaces.
create or replace function highlight_passage(
  passage text,
  config regconfig,
  wanted tsquery,
  runs text[],
  pattern text,
  most int
) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  apart constant text := '\u0002' || separators() || unspaced_letters();
  script constant text := unspaced_letters();
  pieces text[];
  hits boolean[];
  fragments text[] := '{}';
  i int := 1;
  first int;
  last int;
begin
  -- Separators and words in turn, as they were written.
  select array_agg(piece[1] order by at) into pieces
  from regexp_matches(
    mark_compounds(translate(passage, E'\1\2', '  ')),
    case when pattern is null then '' else '(?:' || pattern || ')+|' end
      || '[' || script || ']|[^' || apart || ']+|[' || '\u0002' || separators() || ']+',
    'g') with ordinality found(piece, at);
  select array_agg(coalesce(k.is_hit, false) order by at) into hits
  from unnest(pieces) with ordinality p(piece, at)
  left join (
    select
      piece,
      case
        when piece ~ ('^[' || script || ']') then piece ~ ('^(?:' || pattern || ')+$')
        else coalesce(to_tsvector(config, parser_text(fold_text(piece), true)) @@ wanted, false)
          or fold_text(piece) = any(runs) and piece ~ ('[^' || apart || ']')
      end as is_hit
    from (select distinct unnest(pieces) as piece) d
  ) k using (piece);
  while i <= cardinality(pieces) and cardinality(fragments) < most loop
    first := array_position(hits, true, i);
    exit when first is null;
    first := greatest(i, first - 8);
    last := least(cardinality(pieces), first + 48);
    fragments := fragments || replace(replace(
      (
        select string_agg(case when hits[n] then '**' || pieces[n] || '**' else pieces[n] end, '' order by n)
        from generate_series(first, last) n
      ), E'**\2**', ''), E'\2', '');
    i := last + 1;
  end loop;
  return fragments;
end $$;
revoke all on function highlight_passage from public;
grant execute on function highlight_passage to dakera_app, dakera_search;

-- Claims an idempotency key for the presented secret. Returns null if it is new; otherwise the reply that
-- save_reply() kept. If two requests claim the same key at once, the second waits for the first.
-- places: the namespaces in which the caller's access was checked for this request, in this transaction. A reply from
-- any other namespace is refused, whoever asks. The default is for servers of the previous release, which still run
-- during a rolling upgrade.
create or replace function claim_reply(wanted text, request bytea, places int[] default null) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  claimed replies;
  presented bytea := presented_hash();
begin
  perform require_key();
  insert into replies as r (secret_hash, idempotency_key, fingerprint, namespaces)
  values (presented, wanted, request, places)
  on conflict (secret_hash, idempotency_key) do update set
    fingerprint = excluded.fingerprint,
    namespaces = excluded.namespaces,
    outcome = null,
    created_at = now()
  where r.created_at < now() - interval '24 hours';
  if found then
    if exists (select from full_secrets where secret_hash = presented) then
      perform raise_api_error(
        'RATE_LIMITED',
        'This key has made more writes with an Idempotency-Key in the last 24 hours than the server keeps '
          || 'replies for. Store in batches, which need one reply each, or wait.');
    end if;
    return null;
  end if;

  select * into claimed from replies where secret_hash = presented and idempotency_key = wanted;
  if claimed.namespaces is null then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used before the server was upgraded, and its reply can no longer be checked. '
        || 'Check whether that write happened, and use a new key for the next one.');
  elsif claimed.fingerprint <> request then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used for another request. Use a new one for each write.');
  elsif (claimed.namespaces <@ places) is not true then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used for a write in another namespace than this request finds now. '
        || 'Use a new one for each write.');
  end if;
  return coalesce(claimed.outcome, 'null');
end $$;
revoke all on function claim_reply from public;
grant execute on function claim_reply to dakera_app;

-- Keeps the reply to a write whose idempotency key was claimed in this transaction.
create or replace function save_reply(wanted text, reply jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  presented bytea := presented_hash();
begin
  update replies set outcome = reply where secret_hash = presented and idempotency_key = wanted;
end $$;
revoke all on function save_reply from public;
grant execute on function save_reply to dakera_app;

-- Deletes up to how_many replies older than 24 hours, and all secrets that expired 30 days ago. Returns how many it
-- deleted.
create or replace function delete_old_replies(how_many int) returns int
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  deleted int;
  ended int;
begin
  delete from replies
  where (secret_hash, idempotency_key) in (
    select secret_hash, idempotency_key
    from replies
    where created_at < now() - interval '24 hours'
    limit how_many
    for update skip locked);
  get diagnostics deleted = row_count;
  delete from key_secrets where expires_at < now() - interval '30 days';   -- until then the error is API_KEY_EXPIRED
  get diagnostics ended = row_count;
  return deleted + ended;
end $$;
revoke all on function delete_old_replies from public;
grant execute on function delete_old_replies to dakera_app;

-- Records in full_secrets the next secrets with more than `most` kept replies. Returns how many such secrets it
-- found; null if every secret has been counted, or if another server is counting. One call reads about most_rows
-- replies, but always all of one secret. A job counts, and not each write, as writers with the same key would wait
-- for each other.
create or replace function count_replies(most int, most_rows int) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  position bytea;
  secret bytea;
  last bytea;
  kept int;
  found_full int := 0;
  room int := most_rows;
begin
  select behind into position from reply_count for update skip locked;
  if position is null then
    return null;
  end if;
  for secret in select secret_hash from key_secrets where secret_hash > position order by secret_hash loop
    select count(*) into kept from (select from replies where secret_hash = secret limit most + 1) counted;
    if kept > most then
      insert into full_secrets values (secret) on conflict do nothing;
      found_full := found_full + 1;
    else
      delete from full_secrets where secret_hash = secret;
    end if;
    last := secret;
    room := room - kept - 10;   -- a secret costs as much as ten replies, in addition to its own
    exit when room <= 0;
  end loop;
  update reply_count set behind = coalesce(last, '');
  return case when last is not null then found_full end;
end $$;
revoke all on function count_replies from public;
grant execute on function count_replies to dakera_app;

-- ── BM25 ──

-- Returns what one word adds to the score of a memory: weight * tf / (tf + length_part), where length_part is
-- 0.54 + 0.36 * dl / average length.
-- With all weights 1, ts_rank() of one word is the sum of 1/i^2 up to its frequency tf, over 1.64493406685; the
-- remainder of that series is 1/(tf + 1/2) to within the rounding, which gives tf without unnesting (exact for
-- 1..255, the most that a tsvector keeps). Each argument is used once, so that Postgres can inline the function.
create or replace function bm25_term(ts tsvector, length_part float8, word tsquery, weight float8) returns float8
language sql immutable parallel safe
as $$
  select weight * (1::float8 - 1::float8 / (1::float8 + round(1::float8 / (1.6449340668482264::float8
    - ts_rank('{1,1,1,1}', ts, word)::float8 * 1.64493406685::float8) - 0.5::float8) / length_part))
$$;
revoke all on function bm25_term from public;
grant execute on function bm25_term to dakera_app, dakera_search;

-- Returns the BM25 score of a memory for all words of a query.
create or replace function bm25(ts tsvector, length_part float8, words tsquery[], weights float8[]) returns float8
language plpgsql immutable strict parallel safe
as $$
declare
  score float8 := 0;
begin
  for i in 1..cardinality(words) loop
    score := score + bm25_term(ts, length_part, words[i], weights[i]);
  end loop;
  return score;
end $$;
revoke all on function bm25 from public;
grant execute on function bm25 to dakera_app, dakera_search;

-- Returns an estimate that orders memories of one length nearly as bm25() does, at half its cost: ts_rank() of one
-- word grows with its frequency much as BM25 does. It decides which of many memories get the exact score. It reads at
-- most 16 words.
create or replace function bm25_estimate(ts tsvector, words tsquery[], weights float8[]) returns float8
language sql immutable parallel safe
as $$
  select weights[1] * ts_rank('{1,1,1,1}', ts, words[1])
    + coalesce(weights[2] * ts_rank('{1,1,1,1}', ts, words[2]), 0)
    + coalesce(weights[3] * ts_rank('{1,1,1,1}', ts, words[3]), 0)
    + coalesce(weights[4] * ts_rank('{1,1,1,1}', ts, words[4]), 0)
    + case when words[5] is null then 0 else
      weights[5] * ts_rank('{1,1,1,1}', ts, words[5])
    + coalesce(weights[6] * ts_rank('{1,1,1,1}', ts, words[6]), 0)
    + coalesce(weights[7] * ts_rank('{1,1,1,1}', ts, words[7]), 0)
    + coalesce(weights[8] * ts_rank('{1,1,1,1}', ts, words[8]), 0)
    + case when words[9] is null then 0 else
      weights[9] * ts_rank('{1,1,1,1}', ts, words[9])
    + coalesce(weights[10] * ts_rank('{1,1,1,1}', ts, words[10]), 0)
    + coalesce(weights[11] * ts_rank('{1,1,1,1}', ts, words[11]), 0)
    + coalesce(weights[12] * ts_rank('{1,1,1,1}', ts, words[12]), 0)
    + coalesce(weights[13] * ts_rank('{1,1,1,1}', ts, words[13]), 0)
    + coalesce(weights[14] * ts_rank('{1,1,1,1}', ts, words[14]), 0)
    + coalesce(weights[15] * ts_rank('{1,1,1,1}', ts, words[15]), 0)
    + coalesce(weights[16] * ts_rank('{1,1,1,1}', ts, words[16]), 0) end end
$$;
revoke all on function bm25_estimate from public;
grant execute on function bm25_estimate to dakera_app, dakera_search;

-- ── What a content contains literally ──

-- Returns the needles of a search: what is looked for in the literal_form() of a text for each word and phrase, and
-- for each beginning of a word. A text without a letter, digit or symbol has no needle.
create or replace function needles(texts text[], beginnings text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  word constant text := '[^\u0001' || separators() || ']|[' || symbols() || ']';
begin
  return array(
    select needle
    from (
      select literal_form(wanted) as needle from unnest(texts) wanted
      union all
      select case
        -- src/db/* and 1.26.*: what would end a sentence stays
        when beginning ~ ('[' || separators() || ']$') then
          regexp_replace(literal_form(beginning || 'x'), E'x\1$', '')
        else rtrim(literal_form(beginning), E'\1')
      end
      from unnest(beginnings) beginning
    ) asked
    where needle ~ word);
end $$;
revoke all on function needles from public;
grant execute on function needles to dakera_app, dakera_search;

-- Returns the longest run of each needle, joined. A text without that run cannot contain the needle, and finding that
-- out costs a third of looking for the needle itself.
create or replace function longest_runs(needles text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(
    select (
      select run
      from unnest(string_to_array(replace(needle, E'\2', ''), E'\1')) run
      order by length(run) desc
      limit 1)
    from unnest(needles) with ordinality asked(needle, at)
    order by at);
end $$;
revoke all on function longest_runs from public;
grant execute on function longest_runs to dakera_app, dakera_search;

-- Returns true if a text contains all of the needles, or any of them if any_will_do is true. hints: their
-- longest_runs(). In a text with compounds written as one, each part is a run of its own, and so is the whole: userId
-- contains user, Id and userid.
create or replace function contains_needles(content text, needles text[], hints text[], any_will_do boolean)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  seen text := lower(   -- as in fold_text()
    case when octet_length(content) = length(content) then content else normalize_text(content) end collate "default");
  whole text;
  parts text;
  is_there boolean;
begin
  if octet_length(seen) <> length(seen) then
    seen := replace(replace(seen, 'ß', 'ss'), 'ς', 'σ');
  end if;
  for i in 1..cardinality(needles) loop
    is_there := strpos(seen, hints[i]) > 0;
    if is_there then
      if whole is null then
        parts := literal_form(content);
        whole := replace(parts, E'\2', '');
        parts := replace(parts, E'\2', E'\1');
      end if;
      is_there := strpos(parts, replace(needles[i], E'\2', E'\1')) > 0
        or strpos(whole, replace(needles[i], E'\2', '')) > 0;
    end if;
    if is_there = any_will_do then
      return is_there;
    end if;
  end loop;
  return not any_will_do;
end $$;
revoke all on function contains_needles from public;
grant execute on function contains_needles to dakera_app, dakera_search;

-- Returns the first how_many of these memories that contain all of the needles, in the given order. Security definer:
-- lexical_search() calls it, which has checked the grant and may not read any content itself.
create or replace function literal_hits(
  target int,
  candidates text[],
  needles text[],
  hints text[],
  how_many int
) returns text[]
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return array(
    select c.id
    from unnest(candidates) with ordinality c(id, at)
    cross join lateral (select m.content from memories m where m.namespace_id = target and m.id = c.id offset 0) m
    where contains_needles(m.content, needles, hints, false)
    limit how_many);
end $$;
revoke all on function literal_hits from public;
grant execute on function literal_hits to dakera_search;

-- Returns true if a memory contains any of the needles. Security definer: the filter of lexical_search() calls it,
-- which may not read any content itself.
create or replace function is_excluded(target int, memory text, needles text[], hints text[]) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return (
    select contains_needles(m.content, needles, hints, true)
    from memories m
    where m.namespace_id = target and m.id = memory);
end $$;
revoke all on function is_excluded from public;
grant execute on function is_excluded to dakera_search;

-- Returns a new id, the default of sessions.id: 'ses' and the rest of a new memory id.
create or replace function new_session_id() returns text
language sql volatile parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select 'ses' || substr(new_memory_id(), 4)
$$;
revoke all on function new_session_id from public;
grant execute on function new_session_id to dakera_app;

-- Returns a page of sessions, newest first; those of every readable namespace if target is null. The page ends early
-- before it exceeds most_bytes.
create or replace function list_sessions(
  target int,
  active_only boolean,
  skip bigint,
  how_many int,
  most_bytes bigint
) returns setof sessions
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  s sessions;
  bytes bigint := 0;
  more bigint;
begin
  for s in
    execute format(
      'select s.* from sessions s where %s and %s order by s.started_at desc, s.id desc limit $1 offset $2',
      case when target is null then 'true' else format('s.namespace_id = %s', target) end,
      case when active_only then 's.ended_at is null' else 'true' end)
    using how_many, skip
  loop
    more := reply_bytes(coalesce(s.summary, ''), s.metadata, '{}');
    exit when bytes > 0 and bytes + more > most_bytes;
    bytes := bytes + more;
    return next s;
  end loop;
end $$;
revoke all on function list_sessions from public;
grant execute on function list_sessions to dakera_app;

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

-- ── Letters: each for the inside of a bracket of a regular expression ──
-- They are listed one by one, since what Postgres takes for a letter differs between locales. A character that is in
-- no list is a letter.

-- Returns the letters of Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese, which put no space between words.
create or replace function unspaced_letters() returns text
language sql immutable parallel safe
as $$
  select '\u0E01-\u0E2E\u0E30-\u0E3A\u0E40-\u0E4E\u0E81-\u0EDF\u1000-\u103F\u1050-\u109F\u1100-\u11FF'
    || '\u1780-\u17D3\u17D7\u17DC-\u17DD\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318F'
    || '\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uA9E0-\uA9FE\uAA60-\uAA7F'
    || '\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9D\U00020000-\U0003FFFF'
$$;
revoke all on function unspaced_letters from public;
grant execute on function unspaced_letters to dakera_app, dakera_search;

-- Returns the vowels and tones that are marks on a letter of these scripts. Postgres' parser breaks a word at some of
-- them.
create or replace function unspaced_marks() returns text
language sql immutable parallel safe
as $$
  select '\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u102B-\u103E\u1056-\u1059\u105E-\u1060'
    || '\u1062-\u1064\u1067-\u106D\u1071-\u1074\u1082-\u108D\u108F\u109A-\u109D\u17B4-\u17D3\u17DD\u3099\u309A'
    || '\uAA7B-\uAA7D'
$$;
revoke all on function unspaced_marks from public;
grant execute on function unspaced_marks to dakera_app, dakera_search;

-- Returns the characters between words, symbols included, and without \1 and \2.
create or replace function separators() returns text
language sql immutable parallel safe
as $$
  select '\u0003-\u001F !-/:-@[-`{-\u00A9\u00AB-\u00B1\u00B4\u00B6-\u00B8\u00BB-\u00BF\u00D7\u00F7\u037E\u0387'
    || '\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3\u05C6\u05F3\u05F4\u0609-\u060D\u061B-\u061F\u066A-\u066D'
    || '\u06D4\u0964\u0965\u0970\u0E2F\u0E3F\u0E4F\u0E5A\u0E5B\u104A-\u104F\u10FB\u1360-\u1368\u1680\u17D4-\u17D6'
    || '\u17D8-\u17DB\u2000-\u206F\u207A-\u207E\u208A-\u208E\u20A0-\u20CF\u2100-\u214F\u2190-\u2BFF\u2E00-\u2E7F'
    || '\u3000-\u3004\u3008-\u3020\u3030\u303D\u30A0\u30FB\uFD3E\uFD3F\uFE10-\uFE19\uFE30-\uFE6F\U0001F000-\U0001FAFF'
$$;
revoke all on function separators from public;
grant execute on function separators to dakera_app, dakera_search;

-- Returns the separators that can be searched for themselves: currencies, arrows, mathematics, emoji.
create or replace function symbols() returns text
language sql immutable parallel safe
as $$
  select '\u20A0-\u20CF\u2190-\u2BFF\U0001F000-\U0001FAFF'
$$;
revoke all on function symbols from public;
grant execute on function symbols to dakera_app, dakera_search;

-- ── Text ──

-- Returns a text in the form that is compared, apart from its case: composed, with wide and narrow forms made equal
-- (NFKC), without invisible characters (soft hyphens, marks of zero width and of direction, variations of emoji) and
-- without the vowel marks of Arabic and Hebrew. Accents stay.
create or replace function normalize_text(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if octet_length(content) <> length(content) then
    content := translate(
      regexp_replace(
        normalize(content, NFKC),
        '[\u00AD\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670'
          '\u06D6-\u06DC\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFE00-\uFE0F\uFEFF]+',
        '',
        'g'),
      E'‘’ʼ‐\u0085\u1680\u2028\u2029',
      '''''''-    ');
  end if;
  return translate(content, E'\t\n\v\f\r\1\2', '       ');   -- from here on \1 and \2 are our own marks
end $$;
revoke all on function normalize_text from public;
grant execute on function normalize_text to dakera_app, dakera_search;

-- Returns the text with \2 between the parts of compounds that are written as one: getUserId, HTTPServer, v2,
-- PROJ4711, 5ms. Nothing else changes, and no mark is set inside a run in which letters and digits alternate, such as
-- a hash.
create or replace function mark_compounds(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  small constant text := 'a-zß-öø-ÿα-ωа-яѐ-џ';
  big constant text := 'A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЀ-Џ';
  apart constant text := '\u0002' || separators() || unspaced_letters();
  before_run text;
  after_run text;
begin
  if content ~ ('[' || small || '][' || big || ']|[' || big || '][' || big || '][' || small || ']') then
    content := regexp_replace(content, '([' || small || '])([' || big || '])', E'\\1\2\\2', 'g');
    content := regexp_replace(content, '([' || big || '])([' || big || '][' || small || '])', E'\\1\2\\2', 'g');
  end if;
  if content ~ ('[0-9][^0-9' || apart || ']|[^0-9' || apart || '][0-9]') then
    before_run := '(^|[' || apart || '])';
    after_run := '(?=[' || apart || ']|$)';
    content := regexp_replace(   -- a date with a time
      content, before_run || '([0-9]{2,8})T([0-9]{2,6}Z?)' || after_run, E'\\1\\2\2T\2\\3', 'g');
    content := regexp_replace(
      content, before_run || '([^0-9' || apart || ']+)([0-9]+)' || after_run, E'\\1\\2\2\\3', 'g');
    content := regexp_replace(
      content, before_run || '([0-9]+)([^0-9' || apart || ']+)' || after_run, E'\\1\\2\2\\3', 'g');
  end if;
  return content;
end $$;
revoke all on function mark_compounds from public;
grant execute on function mark_compounds to dakera_app, dakera_search;

-- Returns the folded text: normalized, with marked compounds, in lower case.
create or replace function fold_text(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- The collation: a caller may pass a text with the collation of an id, in which Ä stays Ä.
  content := lower(mark_compounds(normalize_text(content)) collate "default");
  if octet_length(content) = length(content) then
    return content;
  end if;
  return replace(replace(content, 'ß', 'ss'), 'ς', 'σ');
end $$;
revoke all on function fold_text from public;
grant execute on function fold_text to dakera_app, dakera_search;

-- Returns the literal form of a text, in which an exact search looks for its needles: the atoms of the folded text,
-- each between two \1. An atom is a run of letters or digits, a letter of a script without spaces, a symbol, or any
-- number of spaces. Characters that open or close a sentence, a quotation or a bracket are left out next to a space
-- or at the ends.
-- \2 stays between the parts of a run.
create or replace function literal_form(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  whole text := fold_text(content);
begin
  whole := regexp_replace(whole, '[]\u0022''.,;:!?)}»”“。،؛؟।]+( |$)', '\1', 'g');
  whole := regexp_replace(whole, '(^| )[[\u0022''({«“„]+', '\1', 'g');
  if strpos(whole, '  ') > 0 then
    whole := regexp_replace(whole, '  +', ' ', 'g');
  end if;
  whole := btrim(whole);
  if whole = '' then
    return '';
  end if;
  whole := regexp_replace(whole, '([' || replace(separators(), ' ', '') || unspaced_letters() || '])', E'\1\\1\1', 'g');
  return replace(E'\1' || replace(whole, ' ', E'\1 \1') || E'\1', E'\1\1', E'\1');
end $$;
revoke all on function literal_form from public;
grant execute on function literal_form to dakera_app, dakera_search;

-- ── What is indexed ──

-- Returns the text with the runs of scripts without spaces cut into overlapping pairs, and without their marks. A
-- memory can also be found by a single letter, so the letters follow the pairs; a query has them only if a run is one
-- letter long.
-- A run is split once into an array, since substr() would walk to each place from the start.
create or replace function cut_into_pairs(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  script constant text := unspaced_letters();
begin
  if content !~ ('[' || script || ']') then
    return content;
  end if;
  return (
    select string_agg(
      case
        when part[1] !~ ('^[' || script || ']') then part[1]
        else concat_ws(
          ' ',
          '',
          (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
          case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
          '')
      end,
      ''
      order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(
      regexp_replace(part[1], '[' || unspaced_marks() || ']+', '', 'g'),
      null) letters);
end $$;
revoke all on function cut_into_pairs from public;
grant execute on function cut_into_pairs to dakera_app, dakera_search;

-- Returns a folded text in the form that Postgres' parser reads: words and numbers between spaces, and nothing else.
-- A word that is too long for the parser is cut.
create or replace function parser_text(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  content := cut_into_pairs(regexp_replace(content, '[\u0002' || separators() || ']+', ' ', 'g'), for_query);
  if length(content) <= 500 or content !~ '[^ ]{250}[^ ]{250}' then
    return content;
  end if;
  return (
    select string_agg(case when octet_length(word) <= 2046 then word else left(word, 500) end, ' ' order by at)
    from string_to_table(content, ' ') with ordinality words(word, at));
end $$;
revoke all on function parser_text from public;
grant execute on function parser_text to dakera_app, dakera_search;

-- Returns the compounds of a folded text that are written as one, joined again: getuserid, v2.
create or replace function joined_compounds(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letter constant text := '[^' || separators() || unspaced_letters() || ']*';
begin
  if strpos(content, E'\2') = 0 then
    return '';
  end if;
  return (
    select string_agg(replace(run[1], E'\2', ''), ' ')
    from regexp_matches(content, letter || '\u0002' || letter, 'g') run);
end $$;
revoke all on function joined_compounds from public;
grant execute on function joined_compounds to dakera_app, dakera_search;

-- Returns the compounds of a folded text that are written with punctuation, each as one lexeme: src/db/tx.ts,
-- 2026-11-28, jane.doe@acme.example.
create or replace function compound_lexemes(content text) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letters constant text := '[^' || separators() || unspaced_letters() || ']+';
begin
  if content !~ '[^ ][-_./:@#&+~=\\%?]+[^ ]' then
    return '{}';
  end if;
  return array(
    select distinct compound[1]
    from regexp_matches(
      replace(content, E'\2', ''),
      letters || '(?:[-_./:@#&+~=\\%?]+' || letters || ')+',
      'g') compound
    where length(compound[1]) <= 255);
end $$;
revoke all on function compound_lexemes from public;
grant execute on function compound_lexemes to dakera_app, dakera_search;

-- Returns the symbols of a text.
create or replace function symbols_of(content text) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if content !~ ('[' || symbols() || ']') then
    return '{}';
  end if;
  return array(select distinct symbol[1] from regexp_matches(content, '[' || symbols() || ']', 'g') symbol);
end $$;
revoke all on function symbols_of from public;
grant execute on function symbols_of to dakera_app, dakera_search;

-- Returns the words of a folded text that a configuration ignores, as an exact search looks them up: =the. parsable:
-- the parser_text() of the same text; stems: its lexemes without the ignored words. Scripts without spaces have no
-- stop words and are removed first, as a long run has very many pairs.
create or replace function stop_words(config regconfig, content text, parsable text, stems tsvector) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  unstemmed text[];
begin
  if config = 'simple'::regconfig then
    return '{}';
  end if;
  if content ~ ('[' || unspaced_letters() || ']') then
    parsable := parser_text(regexp_replace(content, '[' || unspaced_letters() || ']+', ' ', 'g'), false);
  end if;
  unstemmed := array(
    select word
    from (
      select unnest(tsvector_to_array(to_tsvector('simple', parsable))) as word
      except
      select unnest(tsvector_to_array(stems))
    ) w
    where length(word) <= 20 and word ~ '^[[:alpha:]]+$'
    order by length(word), word
    limit 16000);
  -- Each is one word to the parser, so an ignored one leaves a gap in the positions.
  return array(
    select '=' || word
    from unnest(unstemmed) with ordinality w(word, place)
    where place not in (select unnest(positions) from unnest(to_tsvector(config, array_to_string(unstemmed, ' ')))));
end $$;
revoke all on function stop_words from public;
grant execute on function stop_words to dakera_app, dakera_search;

-- Returns the language of a text: the one of which its beginning has the most stop words; English if it has none, as
-- in a single name or number.
create or replace function detect_language(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  languages constant text[] := '{english,german,french,spanish,italian,portuguese,dutch,danish,swedish,norwegian,'
    'finnish,hungarian,russian,turkish,nepali}';
  beginning text := cut_runs(left(content, 4000));
  words int := (select coalesce(sum(cardinality(positions)), 0) from unnest(to_tsvector('simple', beginning)));
begin
  return coalesce(
    (
      select language
      from unnest(languages) with ordinality known(language, preference)
      cross join lateral (
        select words - coalesce(sum(cardinality(positions)), 0) as dropped
        from unnest(to_tsvector(language::regconfig, beginning))
      ) stop_words
      where dropped > 0
      order by dropped desc, preference
      limit 1
    ), 'english');
end $$;
revoke all on function detect_language from public;
grant execute on function detect_language to dakera_app;

-- Returns the text search configurations of a namespace: its own; or, if it is 'auto', those that were detected in
-- its memories so far.
create or replace function configurations_of(target int) returns regconfig[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
begin
  if config <> 'auto' then
    return array[config::regconfig];
  end if;
  return array(select language::regconfig from namespace_languages where namespace_id = target);
end $$;
revoke all on function configurations_of from public;
grant execute on function configurations_of to dakera_app, dakera_search;

-- Returns what is indexed of a content, and its length: the stems with their positions, and without a position the
-- other lexemes by which it can be found. With 'auto' it records the language. Security definer: the trigger calls it
-- for callers who may not read the namespace.
create or replace function words_of(target int, content text, out ts tsvector, out dl int)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
  whole text := fold_text(content);
  parsable text := parser_text(whole, false);
begin
  if config = 'auto' then
    config := detect_language(content);
    insert into namespace_languages values (target, config) on conflict do nothing;
  end if;
  ts := to_tsvector(config::regconfig, parsable);
  if length(ts) > 60000 then
    perform raise_api_error(
      'INVALID_REQUEST',
      'content: it has more than 60000 distinct words. Split it into several memories.');
  end if;
  dl := (select coalesce(sum(cardinality(positions)), 0) from unnest(ts));
  if strpos(whole, E'\2') > 0 then
    ts := ts || strip(to_tsvector(config::regconfig, parser_text(joined_compounds(whole), false)));
  end if;
  ts := ts || array_to_tsvector(
    compound_lexemes(whole)
    || symbols_of(whole)
    || stop_words(config::regconfig, whole, parsable, ts));
end $$;
revoke all on function words_of from public;

-- Returns a lexeme as the index contains it: after the number of its namespace, so that a look-up never visits what
-- others store. With namespace_id as a column of the index it took 1.5 ms to find 2,559 of 100,000 memories, and 0.4
-- this way. 500 letters keep it below the longest lexeme of a tsvector.
-- The index memory_words_idx rests on this function and the next: another result needs that index to be built anew.
create or replace function namespaced_lexeme(namespace_id int, lexeme text) returns text
language sql immutable parallel safe
as $$
  select left(namespace_id::text || ':' || lexeme, 500)
$$;
revoke all on function namespaced_lexeme from public;
grant execute on function namespaced_lexeme to dakera_app, dakera_search;

-- Returns the lexemes of a memory as the index contains them.
create or replace function namespaced_lexemes(namespace_id int, ts tsvector) returns tsvector
language plpgsql immutable parallel safe cost 1000
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array_to_tsvector(array(
    select namespaced_lexeme(namespace_id, lexeme)
    from unnest(tsvector_to_array(ts)) lexeme));
end $$;
revoke all on function namespaced_lexemes from public;
grant execute on function namespaced_lexemes to dakera_search;

-- ── What a query looks up ──

-- Returns a lexeme as the text of a tsquery of one word. quote_literal() would be wrong for backslashes.
create or replace function lexeme_query(lexeme text) returns text
language sql immutable parallel safe
as $$
  select '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''''
$$;
revoke all on function lexeme_query from public;
grant execute on function lexeme_query to dakera_app, dakera_search;

-- Returns the distinct lexemes of a query, at most the first 1000.
create or replace function lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  whole text := fold_text(asked);
  parsable text := parser_text(whole, true);
  beside text[] := compound_lexemes(whole) || symbols_of(whole);
  words tsvector;
  runs text := case when strpos(whole, E'\2') > 0 then parser_text(joined_compounds(whole), true) end;
begin
  if cardinality(configs) = 1 then
    words := to_tsvector(configs[1], parsable);
    if runs is not null then
      words := words || strip(to_tsvector(configs[1], runs));
    end if;
    if beside <> '{}' then
      words := words || array_to_tsvector(beside);
    end if;
    if length(words) <= 1000 then
      return tsvector_to_array(words);
    end if;
  end if;
  return array(
    select lexeme
    from (
      select lexeme, positions[1] as place
      from unnest(configs) config
      cross join lateral unnest(to_tsvector(config, parsable)) word(lexeme, positions, weights)
      union all
      select lexeme, 0
      from unnest(configs) config
      cross join lateral unnest(tsvector_to_array(to_tsvector(config, runs))) lexeme
      union all
      select compound, 0 from unnest(beside) compound
    ) words
    group by lexeme
    order by min(place), lexeme
    limit 1000);
end $$;
revoke all on function lexemes_of from public;
grant execute on function lexemes_of to dakera_app, dakera_search;

-- Returns the words of a folded text joined by &, as the text of a tsquery for the index; without a namespace, for
-- the words of a single memory. Null if there are none.
create or replace function all_words_query(target int, config regconfig, content text) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  parsable text := parser_text(content, true);
  stems tsvector := to_tsvector(config, parsable);
begin
  return (
    select string_agg(lexeme_query(coalesce(namespaced_lexeme(target, word), word)), ' & ')
    from unnest(
      tsvector_to_array(stems)
      || symbols_of(content)
      || case when stems = ''::tsvector then stop_words(config, content, parsable, stems) end) word);
end $$;
revoke all on function all_words_query from public;
grant execute on function all_words_query to dakera_app, dakera_search;

-- Returns the text of a tsquery for the beginning of a word. Stemming shortens words and changes their last letters,
-- so the beginning is cut to at most three letters that stemming leaves alone. Null if none are left.
create or replace function prefix_query(target int, config regconfig, beginning text) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  kept text := beginning;
begin
  if config <> 'simple'::regconfig and beginning !~ '[0-9]' then   -- a word with a digit is not stemmed
    kept := substring(beginning from '^[^\u0080-\u024Fё][^\u0080-\u024Fёijy]{0,2}');
    if substr(kept, 3, 1) = substr(kept, 2, 1) then
      kept := left(kept, 2);   -- "added" has the stem "ad"
    end if;
  end if;
  return concat_ws(
    ' | ',
    lexeme_query(coalesce(namespaced_lexeme(target, kept), kept)) || ':*',
    lexeme_query(coalesce(namespaced_lexeme(target, '=' || kept), '=' || kept)) || ':*',
    -- "ads" has the stem "ad", which is shorter than the beginning.
    case when kept is not null then '(' || all_words_query(target, config, beginning) || ')' end);
end $$;
revoke all on function prefix_query from public;
grant execute on function prefix_query to dakera_app, dakera_search;

-- Returns the query that lets every memory through which contains these texts and beginnings of words, joined by the
-- operator, in any of the configurations; whether it contains them literally is checked in the content itself. Null
-- if the index cannot decide: every memory has to be checked.
create or replace function namespaced_query(
  target int,
  texts text[],
  prefixes text[],
  operator text,
  configs regconfig[]
) returns tsquery
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letters constant text := '[^\u0002' || separators() || unspaced_letters() || ']+$';
  wanted tsquery;
  config regconfig;
  asked record;
  form text;
  begun text;
  part text;
  all_parts text;
begin
  -- The server has counted them too.
  if (
    select sum(regexp_count(parser_text(fold_text(text), true), '[^ ]+'))
    from unnest(texts || prefixes) text
  ) > 512 then
    perform raise_api_error(
      'INVALID_REQUEST',
      'query: it has too many words for a search. Leave some out, or use recall.');
  end if;
  foreach config in array configs loop
    all_parts := null;
    for asked in
      select fold_text(text) as text, false as begins from unnest(texts) text
      union all
      select fold_text(text), true from unnest(prefixes) text
    loop
      part := null;
      foreach form in array case
        when strpos(asked.text, E'\2') = 0 then array[asked.text]
        else array[replace(asked.text, E'\2', ' '), replace(asked.text, E'\2', '')]
      end loop
        begun := case when asked.begins then substring(form from letters) end;
        form := concat_ws(
          ' & ',
          all_words_query(target, config, left(form, length(form) - coalesce(length(begun), 0))),
          '(' || nullif(prefix_query(target, config, begun), '') || ')');
        part := concat_ws(' | ', nullif(part, ''), '(' || nullif(form, '') || ')');
      end loop;
      if coalesce(part, '') = '' and operator = ' | ' then
        return null;
      end if;
      all_parts := concat_ws(operator, nullif(all_parts, ''), '(' || nullif(part, '') || ')');
    end loop;
    if all_parts = '' then
      return null;
    end if;
    wanted := coalesce(wanted || all_parts::tsquery, all_parts::tsquery);
  end loop;
  return wanted;
end $$;
revoke all on function namespaced_query from public;
grant execute on function namespaced_query to dakera_app, dakera_search;

-- ── Words as they were before 0026: for memories that upkeep.sql has not indexed again ──

-- Returns the letters of Chinese, Japanese and Korean, for the inside of a bracket of a regular expression.
create or replace function cjk_letters() returns text
language sql immutable parallel safe
as $$
  select '\u1100-\u11FF\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF'
    || '\uFF66-\uFF9D'
$$;
revoke all on function cjk_letters from public;
grant execute on function cjk_letters to dakera_app, dakera_search;

-- Returns the text with Chinese, Japanese and Korean runs cut into overlapping pairs, as cut_into_pairs() does today.
create or replace function segment_cjk(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  script constant text := cjk_letters();
begin
  if content !~ ('[' || script || ']') then
    return content;
  end if;
  return (
    select string_agg(
      case
        when part[1] !~ ('^[' || script || ']') then part[1]
        else concat_ws(
          ' ',
          '',
          (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
          case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
          '')
      end,
      ''
      order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(part[1], null) letters);
end $$;
revoke all on function segment_cjk from public;
grant execute on function segment_cjk to dakera_app, dakera_search;

-- Returns the text with a control character after each 255 characters of a long run without spaces, unless the run is
-- one word. At each punctuation mark of an address, a path or a number, Postgres' parser looks ahead to the end of
-- the run and may come back with nothing, so its time grows with the square of the length of a run.
create or replace function cut_runs(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if content !~ '\S{255}' then
    return content;
  end if;
  return (
    select string_agg(
      case
        when length(run[1]) <= 255 or run[1] ~ '^([[:alnum:]]+|\s+)$' then run[1]
        else regexp_replace(run[1], '(.{255})', E'\\1\4', 'g')
      end,
      ''
      order by at)
    from regexp_matches(content, '\S+|\s+', 'g') with ordinality runs(run, at));
end $$;
revoke all on function cut_runs from public;
grant execute on function cut_runs to dakera_app, dakera_search;

-- Returns the lexemes of a query as they were.
create or replace function old_lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(
    select distinct lexeme
    from unnest(configs) config,
      unnest(tsvector_to_array(to_tsvector(config, cut_runs(segment_cjk(left(asked, 10000), true))))) lexeme
    limit 1000);
end $$;
revoke all on function old_lexemes_of from public;
grant execute on function old_lexemes_of to dakera_app, dakera_search;

reset role;

grant create on schema public to dakera_search;
set role dakera_search;

-- Returns the ids of the memories that pass a filter, if an index finds them and there are at most `most`; otherwise
-- null. Both arms then look only at these. condition: the filter_condition() of the filter.
create or replace function selected_memories(target int, condition text, filter jsonb, most int) returns text[]
language plpgsql stable
as $$
declare
  selected text[];
begin
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then
    return null;
  end if;
  execute format(
    'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found',
    target, condition, most + 1)
  into selected
  using filter;
  if cardinality(selected) > most then
    return null;
  end if;
  return coalesce(selected, '{}');
end $$;
revoke all on function selected_memories from public;

-- Returns SQL that reads the memories in which terms are looked for, as w.id, w.ts and w.dl: the selected ones; or
-- those that the index finds for $4; or all that pass the filter, if by_index is false. condition: null if there is
-- no filter.
-- The words in the index belong to one namespace already; "namespace_id + 0" makes sure of it, and keeps the planner
-- from reading the whole namespace by the primary key.
create or replace function candidate_source(target int, condition text, is_selected boolean, by_index boolean)
returns text
language plpgsql stable
as $$
begin
  return format(
    case
      when is_selected then
        'select w.id, w.ts, w.dl from unnest($2) s(id)'
          ' cross join lateral (select * from memory_words w where w.namespace_id = %1$s and w.id = s.id offset 0) w'
          ' where (w.expires_at is null or w.expires_at > now())'
      when by_index and condition is null then
        'select w.id, w.ts, w.dl from memory_words w'
          ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $4 and w.namespace_id + 0 = %1$s'
          ' and (w.expires_at is null or w.expires_at > now())'
      when by_index then
        'select w.id, w.ts, w.dl from (select * from memory_words w'
          ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $4 and w.namespace_id + 0 = %1$s offset 0) w'
          ' join memories m on m.namespace_id = %1$s and m.id = w.id where %2$s'
      else
        'select w.id, w.ts, w.dl from memory_words w'
          ' join memories m on m.namespace_id = w.namespace_id and m.id = w.id'
          ' where w.namespace_id = %1$s and %2$s'
    end,
    target,
    coalesce(condition, '(m.expires_at is null or m.expires_at > now())'));
end $$;
revoke all on function candidate_source from public;

-- Returns the terms to look up besides those of the query: for each of 32 prefixes the terms that begin with it, and
-- for the three longest words that no memory contains the terms that are similar to it. share: the fraction of the
-- word's weight that the term gets. part: the word of the query that it stands for.
create or replace function expand_terms(target int, lexemes text[], prefixes text[], with_typos boolean) returns table (
  lexeme text,
  share float8,
  part text
)
language plpgsql stable
as $$
begin
  return query
  with fresh as materialized (   -- terms of memories that are not merged into the statistics yet
    select distinct word collate "C" as word
    from statistics_deltas d, unnest(tsvector_to_array(d.words)) word
    where d.namespace_id = target
  ),
  unknown as (
    select l.word
    from unnest(lexemes) l(word)
    where with_typos
      and l.word ~ '^[[:alpha:]]{4,38}$'   -- a number or an identifier has no typos
      and not exists (select from term_statistics t where t.namespace_id = target and t.term = l.word collate "C")
      -- "not in" is hashed; "not exists" would be so only with a good estimate
      and l.word collate "C" not in (select f.word from fresh f)
    order by length(l.word) desc, l.word
    limit 3
  ),
  spelt as materialized (
    select f.word
    from fresh f
    where exists (select from unknown) and f.word ~ '^[[:alpha:]]{3,40}$'
  )
  select near.word, near.likeness::float8, u.word
  from unknown u
  cross join lateral (
    select t.term as word, similarity(t.term, u.word) as likeness
    from term_statistics t
    where t.namespace_id + 0 = target
      and t.term % u.word
      and length(t.term) between 3 and 40
      and t.term ~ '^[[:alpha:]]+$'
      and length(t.term) between length(u.word) - 2 and length(u.word) + 2
    union
    select k.word, k.likeness
    from (   -- "offset 0": the similarity is computed once, here
      select s.word, similarity(s.word, u.word) as likeness
      from spelt s
      where length(s.word) between length(u.word) - 2 and length(u.word) + 2
      offset 0
    ) k
    where k.likeness >= 0.3
    order by 2 desc, 1
    limit 3
  ) near
  union all
  select begun.word, 1, p
  from unnest(prefixes[:32]) p
  cross join lateral (
    (
      select t.term as word
      from term_statistics t
      where t.namespace_id = target and t.term >= p collate "C" and t.term < (p || chr(1114111)) collate "C"
      limit 16
    )
    union
    (select f.word from fresh f where starts_with(f.word, p) limit 16)
  ) begun;
end $$;
revoke all on function expand_terms from public;

-- Returns the lexemes that a query looks up, those of a search with the terms that expand_terms() adds.
-- share: the fraction of its weight that a lexeme gets; null: all. part: the word of the query that it stands for.
create or replace function query_lexemes(
  target int,
  query_text text,
  search jsonb,
  configs regconfig[],
  out lexemes text[],
  out shares float8[],
  out parts text[]
)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  prefixes text[] := json_texts(search -> 'prefixes');
begin
  lexemes := lexemes_of(query_text, configs);
  if exists (select from old_words where namespace_id = target) then
    -- Some memories are not indexed again yet (upkeep.sql): they lack the words that only 0026 makes.
    select
      coalesce(array_agg(lexeme), '{}'),
      array_agg(case when lexeme = any(old_words) then 1 else 0.2 end)
    into lexemes, shares
    from old_lexemes_of(query_text, configs) old_words
    cross join lateral (select unnest(lexemes) union select unnest(old_words)) asked(lexeme);
  end if;
  parts := lexemes;
  if search is not null then
    select
      lexemes || array_agg(lexeme),
      coalesce(shares, array_fill(1::float8, array[cardinality(lexemes)])) || array_agg(share),
      lexemes || array_agg(part)
    into lexemes, shares, parts
    from expand_terms(
      target, lexemes, lexemes_of(array_to_string(prefixes, ' '), configs), (search -> 'typos')::boolean);
  end if;
end $$;
revoke all on function query_lexemes from public;

-- Returns the terms of a query, rarest first, in arrays of the same length, which are null if the namespace has none
-- of them:
--   words          as a memory contains them
--   index_words    as the index contains them
--   weights        the most that each adds to a score
--   frequencies    in how many memories each occurs
-- documents: the memories of the namespace. per_position: the part of the BM25 length of a memory for each of its
-- positions. bm25_max: the score that no memory exceeds.
create or replace function query_terms(
  target int,
  asked_lexemes record,
  out documents float8,
  out per_position float8,
  out words tsquery[],
  out index_words tsquery[],
  out weights float8[],
  out frequencies int[],
  out bm25_max float8
)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  -- Looking into each change for each of many words would cost their product.
  has_many constant boolean := cardinality(asked_lexemes.lexemes) > 32;
begin
  with asked as materialized (
    select
      lexeme collate "C" as lexeme,
      lexeme_query(lexeme)::tsquery as word,
      lexeme_query(namespaced_lexeme(target, lexeme))::tsquery as index_word,
      coalesce(share, 1) as share,
      part
    from rows from (unnest(asked_lexemes.lexemes), unnest(asked_lexemes.shares), unnest(asked_lexemes.parts))
      as given(lexeme, share, part)
  ),
  change as materialized (   -- not merged yet; or expired, and not moved yet
    select sign, positions, words from statistics_deltas where namespace_id = target
    union all
    select -1, dl, ts from memory_words where namespace_id = target and expires_at <= now()
  ),
  total as (
    select coalesce(sum(documents), 0)::float8 as documents, coalesce(sum(positions), 0)::float8 as positions
    from (
      select documents, positions from namespace_statistics where namespace_id = target
      union all
      select sign, sign * positions from change
    ) parts
  ),
  changed as materialized (
    select term collate "C" as term, sum(sign) as documents
    from change, unnest(tsvector_to_array(words)) term
    where has_many
    group by 1
  ),
  counted as materialized (   -- materialized: otherwise the planner counts again wherever df is used
    select
      asked.*,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
        + coalesce(
          case when has_many then changed.documents else (select sum(sign) from change where words @@ word) end,
          0) as df
    from asked
    left join changed on term = lexeme
  ),
  weighed as (
    select counted.*, ln(1 + (total.documents - df + 0.5::float8) / (df + 0.5::float8)) * 1.9 as weight
    from counted, total
    where df > 0
  )
  select
    (select documents from total),
    (select 0.36::float8 / greatest(1, positions / documents) from total where documents > 0),
    array_agg(word order by df, word::text),
    array_agg(index_word order by df, word::text),
    array_agg(weight * share order by df, word::text),
    array_agg(df::int order by df, word::text),
    (select sum(most) from (select max(weight) as most from weighed group by part) p)
  into documents, per_position, words, index_words, weights, frequencies, bm25_max
  from weighed;
  if cardinality(words) > 16 then   -- a pasted text: its rarest words distinguish it
    words := words[:16];
    weights := weights[:16];
    bm25_max := (select sum(weight) from unnest(weights) weight);
  end if;
end $$;
revoke all on function query_terms from public;

-- ── MaxScore ──
-- It reads the essential terms, which are the rarest ones, and stops as soon as the threshold, the how_many-th best
-- score so far, is above the upper bound of what the other terms add: then no memory that has only those can be among
-- the best. Here the bound is what they are likely to add (docs/decisions/0020).

-- Returns the upper bound of what terms add to the score of a memory. 0.69 is the share of its weight that a term
-- adds to a memory of average length that contains it twice; most add less.
create or replace function upper_bound(weights float8[]) returns float8
language plpgsql immutable
as $$
declare
  total float8 := 0;
  weight float8;
begin
  foreach weight in array weights loop
    total := total + weight;
  end loop;
  return 0.69 * total;
end $$;
revoke all on function upper_bound from public;

-- Returns a query for any of these words but the one at position `but`; null if there is none.
create or replace function any_of(words tsquery[], but int default null) returns tsquery
language plpgsql immutable
as $$
declare
  found tsquery;
begin
  for i in 1..cardinality(words) loop
    if i is distinct from but then
      found := coalesce(found || words[i], found, words[i]);
    end if;
  end loop;
  return found;
end $$;
revoke all on function any_of from public;

-- Returns how many terms are essential in the first round: as many as will probably be needed, since every round has
-- its cost. A common term is never read just for that.
create or replace function essential_terms(terms record, how_many int, budget int, is_selected boolean) returns int
language plpgsql immutable
as $$
declare
  essential int := 1;
  candidates float8 := terms.frequencies[1];
begin
  while essential < cardinality(terms.words) loop
    exit when not is_selected and (
      candidates + terms.frequencies[essential + 1] > budget
      or candidates >= how_many
        and upper_bound(terms.weights[essential + 1:]) <= upper_bound(terms.weights[:1]));
    essential := essential + 1;
    candidates := candidates + terms.frequencies[essential];
  end loop;
  return essential;
end $$;
revoke all on function essential_terms from public;

-- Returns the queries of a round that reads the terms first..last:
--   matching         for the words of a memory
--   index_matching   for the index: of a term in more than `few` memories only those that contain another strong term
--   met              what earlier rounds have read: those memories have their whole score already
create or replace function round_queries(
  terms record,
  first int,
  last int,
  strong int,
  few int,
  out matching tsquery,
  out index_matching tsquery,
  out met tsquery
)
language plpgsql immutable
as $$
declare
  essential tsquery[] := '{}';
begin
  for i in first..last loop
    if terms.frequencies[i] <= few or strong = 1 then
      essential := essential || terms.index_words[i];
    else
      essential := essential || (terms.index_words[i] && any_of(terms.index_words[first:strong], i - first + 1));
    end if;
  end loop;
  matching := any_of(terms.words[first:last]);
  index_matching := any_of(essential);
  met := any_of(terms.words[:first - 1]);
end $$;
revoke all on function round_queries from public;

-- Returns the queries of the last round, and in how many memories its terms occur: of the frequent terms those that
-- can still lift a memory over the threshold, alone or with weak terms. The queries are null if there is none.
create or replace function last_queries(
  terms record,
  last int,
  strong int,
  few int,
  threshold float8,
  out matching tsquery,
  out index_matching tsquery,
  out met tsquery,
  out candidates float8
)
language plpgsql immutable
as $$
declare
  weak constant float8[] := terms.weights[strong + 1:];
begin
  candidates := 0;
  for i in 1..last loop
    if terms.frequencies[i] > few and upper_bound(terms.weights[i] || weak) > coalesce(threshold, 0) then
      candidates := candidates + terms.frequencies[i];
      matching := any_of(array[matching, terms.words[i] && !! any_of(terms.words[:strong], i)]);
      index_matching := any_of(
        array[index_matching, terms.index_words[i] && !! any_of(terms.index_words[:strong], i)]);
    end if;
  end loop;
end $$;
revoke all on function last_queries from public;

-- Returns the best of these memories and of those that a round finds. If there are too many candidates, only the
-- newest `budget` of them: reading back from the newest id finds these after budget * documents / candidates rows,
-- before the index would have gathered all.
-- The estimate discards most memories; the best get the exact score.
create or replace function best_of_round(
  target int,
  terms record,
  round record,
  too_many boolean,
  how_many int,
  budget int,
  inout ids text[],
  inout scores float8[]
)
language plpgsql stable
as $$
#variable_conflict use_column
begin
  select array_agg(id), array_agg(score) into ids, scores
  from (
    select *
    from (
      select w.id, bm25(w.ts, 0.54::float8 + terms.per_position * w.dl, terms.words, terms.weights) as score
      from (
        select *
        from (
          select w.id, w.ts, w.dl
          from memory_words w
          where not too_many
            and namespaced_lexemes(w.namespace_id, w.ts) @@ round.index_matching
            and w.namespace_id + 0 = target
            and (round.met is null or not w.ts @@ round.met)
            and (w.expires_at is null or w.expires_at > now())
          union all
          (
            select w.id, w.ts, w.dl
            from memory_words w
            where too_many
              and w.namespace_id = target
              and w.ts @@ round.matching
              and (round.met is null or not w.ts @@ round.met)
              and (w.expires_at is null or w.expires_at > now())
            order by w.id desc
            limit budget
          )
        ) w
        order by bm25_estimate(w.ts, terms.words, terms.weights) / (1.54::float8 + terms.per_position * w.dl) desc
        limit 2 * how_many
      ) w
      union all
      select * from unnest(ids, scores)
    ) found
    order by 2 desc, 1
    limit how_many
  ) best;
end $$;
revoke all on function best_of_round from public;

-- Does what best_of_round() does, of the memories that pass a filter: its statement is made of text.
create or replace function best_of_filtered_round(
  target int,
  terms record,
  round record,
  too_many boolean,
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[],
  inout ids text[],
  inout scores float8[]
)
language plpgsql stable
as $$
declare
  source text := candidate_source(target, condition, selected is not null, not too_many);
begin
  if selected is not null or too_many then
    source := source || ' and w.ts @@ $3';
  end if;
  if round.met is not null then
    source := source || ' and not w.ts @@ $5';
  end if;
  if too_many then
    source := source || format(' order by w.id desc limit %s', budget);
  end if;
  execute format(
    'select array_agg(id), array_agg(score) from (select * from ('
      'select w.id, bm25(w.ts, 0.54::float8 + $8 * w.dl, $6, $7) as score'
      ' from (select w.* from (%s) w'
      ' order by bm25_estimate(w.ts, $6, $7) / (1.54::float8 + $8 * w.dl) desc limit 2 * $9) w'
      ' union all select * from unnest($10, $11)) found order by 2 desc, 1 limit $9) best',
    source)
  into ids, scores
  using filter, selected, round.matching, round.index_matching, round.met, terms.words, terms.weights,
    terms.per_position, how_many, ids, scores;
end $$;
revoke all on function best_of_filtered_round from public;

-- Returns the best memories by BM25, by MaxScore. Of a term that occurs in more than `few` memories, a round reads
-- those that contain another strong term too; those that contain it alone are read last, if one of them could still
-- be among the best. Beyond `budget` candidates it stops, and the result is approximate. If a query has only very
-- common terms, it looks at the newest `budget` matches.
create or replace function top_by_bm25(
  target int,
  terms record,
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[],
  out ids text[],
  out scores float8[]
)
language plpgsql stable
as $$
declare
  is_selected constant boolean := selected is not null;
  known constant int := cardinality(terms.words);
  few constant int := 10 * how_many;
  first int := 1;
  essential int := essential_terms(terms, how_many, budget, is_selected);
  strong int := 0;
  candidates float8 := 0;
  too_many boolean;
  is_last boolean := false;
  round record;
  best record;
begin
  -- The strong terms weigh at least a quarter of the heaviest: one of them alone tells little less than with a weak
  -- one.
  for i in 1..known loop
    strong := strong + (terms.weights[i] >= 0.25 * terms.weights[1])::int;
    candidates := candidates + case when i <= essential then terms.frequencies[i] else 0 end;
  end loop;
  loop
    if is_last then
      round := last_queries(terms, essential, strong, few, scores[how_many]);
      exit when round.matching is null;
      candidates := round.candidates;
    else
      round := round_queries(terms, first, essential, strong, few);
    end if;
    too_many := candidates > sqrt(budget * terms.documents) and not is_selected;
    if is_selected or condition is not null then
      best := best_of_filtered_round(
        target, terms, round, too_many, how_many, budget, condition, filter, selected, ids, scores);
    else
      best := best_of_round(target, terms, round, too_many, how_many, budget, ids, scores);
    end if;
    ids := best.ids;
    scores := best.scores;
    exit when is_last or too_many;
    is_last := coalesce(
      essential = known
        or scores[how_many] >= upper_bound(terms.weights[essential + 1:])
        or candidates + terms.frequencies[essential + 1] > budget and 3 * cardinality(ids) >= how_many,
      false);
    if is_last then
      exit when strong = 1 or is_selected;
    else
      first := essential + 1;
      essential := first;
      candidates := candidates + terms.frequencies[essential];
    end if;
  end loop;
end $$;
revoke all on function top_by_bm25 from public;

-- ── Exact matches ──

-- Returns the memories that contain every word, phrase and beginning of a search literally (needles): of those that
-- the index lets through, the best first, until there are how_many. best_ids: the best by BM25.
create or replace function exact_matches(
  target int,
  terms record,
  search jsonb,
  needles text[],
  configs regconfig[],
  best_ids text[],
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[]
) returns text[]
language plpgsql stable
as $$
declare
  hints constant text[] := longest_runs(needles);
  exact_query constant tsquery := namespaced_query(
    target, json_texts(search -> 'all'), json_texts(search -> 'prefixes'), ' & ', configs);
  source constant text := candidate_source(target, condition, selected is not null, exact_query is not null);
  met text[];
  exact_ids text[];
  renewed text;
begin
  execute format(
    'select array_agg(w.id order by bm25(w.ts, 0.54::float8 + $7 * w.dl, $5, $6) desc nulls last, w.id desc)'
      ' from (%s limit $3) w',
    source)
  into met
  using filter, selected, case when selected is null then budget end, exact_query, terms.words, terms.weights,
    terms.per_position;
  exact_ids := literal_hits(target, merged_ids(best_ids, met), needles, hints, how_many);
  if selected is not null then
    return exact_ids;
  end if;
  -- There are more matches than the budget: look at all the others.
  if cardinality(exact_ids) < how_many and cardinality(met) = budget then
    execute format('select array_agg(w.id) from (%s) w', source)
    into met
    using filter, selected, null, exact_query;
    exact_ids := exact_ids || literal_hits(
      target, array(select unnest(met) except select unnest(exact_ids)), needles, hints,
      how_many - cardinality(exact_ids));
  end if;
  -- Some memories are not indexed again yet, so the index does not know what they contain.
  if cardinality(exact_ids) < how_many then
    select after_id into renewed from old_words where namespace_id = target;
    if found then
      execute format(
        'select array_agg(m.id) from memories m where m.namespace_id = %s and m.id > $2 and %s',
        target, coalesce(condition, filter_condition(null, '$1')))
      into met
      using filter, renewed;
      exact_ids := exact_ids || literal_hits(
        target, array(select unnest(met) except select unnest(exact_ids)), needles, hints,
        how_many - cardinality(exact_ids));
    end if;
  end if;
  return exact_ids;
end $$;
revoke all on function exact_matches from public;

-- Returns the first ids, and those of the others that are not among them.
create or replace function merged_ids(first text[], others text[]) returns text[]
language plpgsql immutable
as $$
begin
  return coalesce(first, '{}') || array(select id from unnest(others) id where id <> all(coalesce(first, '{}')));
end $$;
revoke all on function merged_ids from public;

-- ── Search ──

-- Returns the weights of a query's words in a namespace, and its best memories by BM25: ids and scores, and no text.
-- search: {"all": [], "prefixes": [], "typos": true}; null for recall. exact_ids: the memories that contain every
-- word, phrase and beginning literally. selected: the only memories that were looked at, as they are all that pass
-- the filter.
create or replace function lexical_search(
  target int,
  query_text text,
  filter jsonb,
  how_many int,
  search jsonb,
  budget int,
  out documents float8,
  out words tsquery[],
  out weights float8[],
  out bm25_max float8,
  out per_position float8,
  out ids text[],
  out scores float8[],
  out exact_ids text[],
  out selected text[]
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
as $$
declare
  needles text[];
  condition text;
  configs regconfig[];
  terms record;
  best record;
begin
  if not target = any(readable_namespaces()) then return; end if;
  if filter <> '{}' then
    condition := filter_condition(filter, '$1');
    selected := selected_memories(target, condition, filter, 5000);
  end if;

  configs := configurations_of(target);
  terms := query_terms(target, query_lexemes(target, query_text, search, configs));
  documents := terms.documents;
  words := terms.words;
  weights := terms.weights;
  bm25_max := terms.bm25_max;
  per_position := terms.per_position;
  if words is not null then
    best := top_by_bm25(target, terms, how_many, budget, condition, filter, selected);
    ids := best.ids;
    scores := best.scores;
  end if;
  if search is null then
    return;
  end if;

  needles := needles(json_texts(search -> 'all'), json_texts(search -> 'prefixes'));
  if needles <> '{}' then
    exact_ids := exact_matches(
      target, terms, search, needles, configs, ids, how_many, budget, condition, filter, selected);
    ids := merged_ids(ids, exact_ids);
  elsif words is null and condition is not null and search -> 'all' = '[]' and search -> 'prefixes' = '[]' then
    -- There is no word to look up: a search by tags alone returns the newest memories that have them.
    execute format(
      'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s'
        ' order by m.id desc limit $3) newest',
      target,
      case when selected is null then condition else 'm.id = any($2)' end)
    into exact_ids
    using filter, selected, how_many;
    ids := exact_ids;
    scores := array_fill(1::float8, array[coalesce(cardinality(ids), 0)]);
    bm25_max := 1;
  end if;
end $$;
revoke all on function lexical_search from public;
grant execute on function lexical_search to dakera_app;

reset role;
revoke create on schema public from dakera_search;

-- Identity: who calls, and which namespaces row-level security lets the caller see.
-- A transaction carries set_config('dakera.key', <hex SHA-256 of the presented secret>, true); the database looks the
-- key up here. After a transaction the setting is '' rather than null, and a client can set it to anything, so only
-- 64 hex digits count.
-- These functions are plpgsql and not sql: a session keeps the plans of plpgsql, while Postgres 17 plans an SQL
-- function that is not inlined again in every statement.
-- They are security definer where they read keys, secrets and grants, which no other role may read.
set role dakera_owner;

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

-- Returns the hash of the presented secret, or null if the setting is not a hash. translate() is used because Postgres
-- compiles a regular expression again in every call, which was half the time of this function.
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

-- Returns true if the secret gives access to its key now: the key is active, and neither has expired.
create or replace function secret_is_valid(secret key_secrets, key keys) returns boolean
language sql stable
return key.active
  and (key.expires_at is null or key.expires_at > now())
  and (secret.expires_at is null or secret.expires_at > now());
revoke all on function secret_is_valid from public;

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

-- Returns the namespaces that the caller may read; the policies call it. The body is bound when the function is
-- created, so it needs no search_path, and Postgres inlines it. The same holds for the two functions below.
create or replace function readable_namespaces() returns int[]
language sql stable
return granted_namespaces('read');
revoke all on function readable_namespaces from public;
grant execute on function readable_namespaces to dakera_app, dakera_search;

-- Returns the namespaces to which the caller may append.
create or replace function writable_namespaces() returns int[]
language sql stable
return granted_namespaces('write');
revoke all on function writable_namespaces from public;
grant execute on function writable_namespaces to dakera_app;

-- Returns the namespaces in which the caller may change and remove memories.
create or replace function editable_namespaces() returns int[]
language sql stable
return granted_namespaces('edit');
revoke all on function editable_namespaces from public;
grant execute on function editable_namespaces to dakera_app;

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

-- Sets the identity of the current transaction, and returns true for an admin. It is the first statement of every
-- transaction, except those of store() and recall(), which do the same themselves.
create or replace function identify(key_hash bytea) returns boolean
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  return caller_is_admin();
end $$;
revoke all on function identify from public;
grant execute on function identify to dakera_app;

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

reset role;

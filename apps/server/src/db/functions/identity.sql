set role dakera_owner;

/* How our functions say an error of the API: message is its code, detail the sentence for the caller, hint the resource. */
create or replace function fail(code text, detail text default null, resource text default null) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin raise exception using errcode = 'DK000', message = code, detail = coalesce(detail, ''), hint = coalesce(resource, ''); end $$;
revoke all on function fail from public;
grant execute on function fail to dakera_app, dakera_search;

/* translate and not a regular expression, which is built anew in every call and was half of this one. */
create or replace function presented_hash() returns bytea
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare presented text := current_setting('dakera.key', true);
begin
  if length(presented) = 64 and translate(presented, '0123456789abcdef', '') = '' then return decode(presented, 'hex'); end if;
  return null;
end $$;
revoke all on function presented_hash from public;

/* Whether a secret opens its key now. */
create or replace function opens(secret key_secrets, key keys) returns boolean language sql stable
return key.active and (key.expires_at is null or key.expires_at > now()) and (secret.expires_at is null or secret.expires_at > now());
revoke all on function opens from public;

create or replace function presented_key() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_key keys;
begin
  select k.* into found_key from key_secrets s join keys k on k.id = s.key_id where s.secret_hash = presented_hash() and opens(s, k);
  return found_key;
end $$;
revoke all on function presented_key from public;

/* The presented key, or the error that says why there is none. */
create or replace function require_key() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller keys := presented_key();
begin
  if caller.id is null then
    perform fail(case when exists (
      select from key_secrets s join keys k on k.id = s.key_id
      where s.secret_hash = presented_hash() and k.active and least(s.expires_at, k.expires_at) <= now())
      then 'API_KEY_EXPIRED' else 'INVALID_API_KEY' end);
  end if;
  return caller;
end $$;
revoke all on function require_key from public;

create or replace function require_admin() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller keys := require_key();
begin
  if not caller.is_admin then perform fail('INSUFFICIENT_SCOPE', 'This call needs an admin key.'); end if;
  return caller;
end $$;
revoke all on function require_admin from public;

/* access: read, write (append), or edit, which is both: to change or remove is to learn what is there.
   Each policy of each statement asks this, so it looks the key up itself: 29 µs, and 46 through presented_key(). */
create or replace function granted_namespaces(access text) returns int[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare presented text := current_setting('dakera.key', true); granted int[];
begin
  if length(presented) <> 64 or translate(presented, '0123456789abcdef', '') <> '' then return '{}'; end if;
  select case when k.is_admin then array(select id from namespaces) else array(
      select n.id from grants g join namespaces n on n.name = g.namespace
      where g.key_id = k.id and case access when 'read' then g.can_read when 'write' then g.can_write else g.can_read and g.can_write end) end
  into granted from key_secrets s join keys k on k.id = s.key_id where s.secret_hash = decode(presented, 'hex') and opens(s, k);
  return coalesce(granted, '{}');
end $$;
revoke all on function granted_namespaces from public;
grant execute on function granted_namespaces to dakera_app, dakera_search;

-- Bound when they are created, so they need no search_path, and Postgres puts their body in place of the call.
create or replace function readable_namespaces() returns int[] language sql stable return granted_namespaces('read');
revoke all on function readable_namespaces from public;
grant execute on function readable_namespaces to dakera_app, dakera_search;

create or replace function writable_namespaces() returns int[] language sql stable return granted_namespaces('write');
revoke all on function writable_namespaces from public;
grant execute on function writable_namespaces to dakera_app;

create or replace function editable_namespaces() returns int[] language sql stable return granted_namespaces('edit');
revoke all on function editable_namespaces from public;
grant execute on function editable_namespaces to dakera_app;

/* Whether the caller is an admin; the error of the API when it is nobody. */
create or replace function caller_is_admin() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return (require_key()).is_admin; end $$;
revoke all on function caller_is_admin from public;
grant execute on function caller_is_admin to dakera_app;

create or replace function is_admin() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return coalesce((presented_key()).is_admin, false); end $$;
revoke all on function is_admin from public;
grant execute on function is_admin to dakera_app;

create or replace function caller_name() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return (presented_key()).name; end $$;
revoke all on function caller_name from public;
grant execute on function caller_name to dakera_app, dakera_search;

/* Refuses to go on as a role that row security does not bind. A pooler that drops the start parameter "role" would otherwise leave
   the server with all the rights of its login, and nobody would notice. */
create or replace function require_bound_role() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if current_user <> 'dakera_app' and (pg_has_role(current_user, 'dakera_owner', 'member')
    or exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls))) then
    raise exception 'This connection acts as %, which row-level security does not bind. It must act as dakera_app.', current_user using errcode = 'DK001';
  end if;
end $$;
revoke all on function require_bound_role from public;
grant execute on function require_bound_role to dakera_app;

/* First statement of a transaction that is not one of the hot functions: who calls, from here to its end. True for an admin. */
create or replace function identify(key_hash bytea) returns boolean
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  return caller_is_admin();
end $$;
revoke all on function identify from public;
grant execute on function identify to dakera_app;

create or replace function whoami() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return describe_key(require_key()); end $$;
revoke all on function whoami from public;
grant execute on function whoami to dakera_app;

reset role;

-- Keys: what an admin creates, changes and lists. Every function that dakera_app may call checks for an admin key
-- itself, and is security definer, since no other role may read or write keys, secrets and grants.
set role dakera_owner;

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

-- Returns a key by id, or null.
create or replace function find_key(wanted text) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  return (select describe_key(k) from keys k where id = wanted);
end $$;
revoke all on function find_key from public;
grant execute on function find_key to dakera_app;

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

-- Returns the number of keys.
create or replace function count_keys() returns bigint
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  return (select count(*) from keys);
end $$;
revoke all on function count_keys from public;
grant execute on function count_keys to dakera_app;

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

-- Creates a key with one secret and its grants, and returns it.
create or replace function create_key(
  new_id text,
  new_name text,
  new_hash bytea,
  admin boolean,
  new_grants jsonb,
  ends_at timestamptz
) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  perform require_admin();
  perform refuse_root_name(new_name);
  insert into keys (id, name, is_admin, expires_at) values (new_id, new_name, admin, ends_at);
  perform add_secret(new_id, new_hash);
  perform set_grants(new_id, new_grants);
  return find_key(new_id);
end $$;
revoke all on function create_key from public;
grant execute on function create_key to dakera_app;

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

reset role;

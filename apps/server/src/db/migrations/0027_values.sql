-- What an update may change, names of keys, and what a write creates. In place of open_namespace of 0003, create_key and update_key of 0005.
set role dakera_owner;

grant update (valid_from) on memories to dakera_app;

/* What a key stores is known by the key's name: nobody else's may look like the operator's. */
create function refuse_root_name(wanted text) returns void
language plpgsql immutable set search_path = pg_catalog, public, pg_temp as $$
begin
  if lower(trim(wanted)) = 'root' then
    perform fail('CONFLICT', 'name: the name "root" belongs to the root key. Choose another one.');
  end if;
end $$;
revoke all on function refuse_root_name(text) from public;

/* Whether a key that still opens something has this name, other than the one named: what they store is told apart by nothing but it. */
create function name_is_taken(wanted text, but_of text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  return exists (select from keys where name = wanted and id <> but_of and active and (expires_at is null or expires_at > now()));
end $$;
revoke all on function name_is_taken(text, text) from public;
grant execute on function name_is_taken(text, text) to dakera_app;

create or replace function create_key(new_id text, new_name text, new_hash bytea, admin boolean, new_grants jsonb, ends_at timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  perform refuse_root_name(new_name);
  insert into keys (id, name, is_admin, expires_at) values (new_id, new_name, admin, ends_at);
  perform add_secret(new_id, new_hash);
  perform set_grants(new_id, new_grants);
  return find_key(new_id);
end $$;

/* changes: as in set_grants. only_namespaces: grants on others are removed; null leaves them. */
create or replace function update_key(wanted text, new_name text, changes jsonb, only_namespaces text[]) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted);
begin
  if target.id is null then return null; end if;
  perform refuse_root_name(new_name);
  if new_name <> target.name and name_is_taken(new_name, target.id) then
    perform fail('CONFLICT', format('name: another key is called "%s". What they store would be told apart by nothing else.', new_name), wanted);
  end if;
  update keys set name = coalesce(new_name, name) where id = target.id;
  if only_namespaces is not null then delete from grants where key_id = target.id and namespace <> all(only_namespaces); end if;
  perform set_grants(target.id, changes);
  return find_key(target.id);
end $$;

/* The same for a write, which creates the namespace on its first use. An admin may write anywhere, a misspelt name included: so it is told.
   Others have a grant on that very name. */
create or replace function open_namespace(wanted text) returns namespaces
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_namespace namespaces := resolve_namespace(wanted, 'write');
begin
  if found_namespace.id is null then
    insert into namespaces (name) values (wanted) on conflict (name) do nothing;
    if found and (presented_key()).is_admin then perform set_config('dakera.created', wanted, true); end if;
    select * into found_namespace from namespaces where name = wanted;
  end if;
  return found_namespace;
end $$;

reset role;

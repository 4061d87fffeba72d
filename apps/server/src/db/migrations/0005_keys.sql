-- Key management. dakera_app reads no key table: these functions check the caller and show everything but the hash.
set role dakera_owner;

create function describe_key(k keys) returns jsonb
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select jsonb_build_object('id', k.id, 'name', k.name, 'is_admin', k.is_admin, 'active', k.active,
    'created_at', floor(extract(epoch from k.created_at))::bigint, 'expires_at', floor(extract(epoch from k.expires_at))::bigint,
    'grants', (select coalesce(jsonb_object_agg(namespace, case when can_read and can_write then 'read_write' when can_read then 'read' else 'write' end
      order by namespace), '{}') from grants where key_id = k.id)) $$;

create function whoami() returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return describe_key(require_key()); end $$;

create function find_key(wanted text) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  return (select describe_key(k) from keys k where id = wanted);
end $$;

/* Oldest first, from behind the key `after`; null how_many: all. */
create function list_keys(after text, how_many int) returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  return query select describe_key(k) from keys k
  where after is null or (created_at, id) > (select created_at, id from keys where id = after)
  order by created_at, id limit how_many;
end $$;

create function count_keys() returns bigint
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  return (select count(*) from keys);
end $$;

/* changes: {"namespace": "read" | "write" | "read_write" | "none"}. */
create function set_grants(target text, changes jsonb) returns void
language sql volatile set search_path = pg_catalog, public, pg_temp as $$
  delete from grants using jsonb_each_text(changes) c(namespace, access)
    where grants.key_id = target and grants.namespace = c.namespace and c.access = 'none';
  insert into grants (key_id, namespace, can_read, can_write)
    select target, namespace, access in ('read', 'read_write'), access in ('write', 'read_write')
    from jsonb_each_text(changes) c(namespace, access) where access <> 'none'
    on conflict (key_id, namespace) do update set can_read = excluded.can_read, can_write = excluded.can_write $$;

create function add_secret(target text, new_hash bytea) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into key_secrets (secret_hash, key_id) values (new_hash, target);
exception when unique_violation then perform fail('CONFLICT', 'This secret is taken. Choose another one, or leave it out to get a random one.');
end $$;

create function create_key(new_id text, new_name text, new_hash bytea, admin boolean, new_grants jsonb, ends_at timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  insert into keys (id, name, is_admin, expires_at) values (new_id, new_name, admin, ends_at);
  perform add_secret(new_id, new_hash);
  perform set_grants(new_id, new_grants);
  return find_key(new_id);
end $$;

/* The key for a change; null when there is none. The root key belongs to whoever runs the server, not to the API. */
create function lock_key(wanted text) returns keys
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_key keys;
begin
  perform require_admin();
  select * into found_key from keys where id = wanted for update;
  if found_key.id = 'key_root' then
    perform fail('CONFLICT', 'The root key is set where the server is started (DAKERA_ROOT_API_KEY). Change it there.', wanted);
  end if;
  return found_key;
end $$;

/* changes: as in set_grants. only_namespaces: grants on others are removed; null leaves them. */
create function update_key(wanted text, new_name text, changes jsonb, only_namespaces text[]) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted);
begin
  if target.id is null then return null; end if;
  update keys set name = coalesce(new_name, name) where id = target.id;
  if only_namespaces is not null then delete from grants where key_id = target.id and namespace <> all(only_namespaces); end if;
  perform set_grants(target.id, changes);
  return find_key(target.id);
end $$;

/* The old secrets end after the grace, at once when it is 0. Returns the key with old_expires_at. */
create function rotate_key(wanted text, new_hash bytea, grace_seconds int) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted); ends_at timestamptz := now() + grace_seconds * interval '1 second';
begin
  if target.id is null then return null; end if;
  if grace_seconds = 0 then delete from key_secrets where key_id = target.id;
  else update key_secrets set expires_at = least(expires_at, ends_at) where key_id = target.id; end if;
  perform add_secret(target.id, new_hash);
  return find_key(target.id) || jsonb_build_object('old_expires_at', floor(extract(epoch from ends_at))::bigint);
end $$;

create function deactivate_key(wanted text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted);
begin
  update keys set active = false where id = target.id;
  return find_key(target.id);
end $$;

create function delete_key(wanted text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted); deleted jsonb := find_key(target.id);
begin
  delete from keys where id = target.id;
  return deleted;
end $$;

/* Makes this the secret of the root key. Only the owner's login may call it: it is how the first admin comes to be. */
create function set_root_secret(new_hash bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into keys (id, name, is_admin) values ('key_root', 'root', true) on conflict (id) do update set is_admin = true, active = true;
  if exists (select from key_secrets where secret_hash = new_hash and key_id = 'key_root') then
    delete from key_secrets where key_id = 'key_root' and secret_hash <> new_hash;
  else
    delete from key_secrets where key_id = 'key_root';
    perform add_secret('key_root', new_hash);
  end if;
end $$;

-- ── Replies to repeated writes ──

/* Claims an idempotency key of the presented secret. Null: it is new, go on. Else what save_reply kept. Two at once: the second waits. */
create function claim_reply(wanted text, request bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare claimed replies;
begin
  perform require_key();
  insert into replies as r (secret_hash, idempotency_key, fingerprint) values (presented_hash(), wanted, request)
  on conflict (secret_hash, idempotency_key) do update set fingerprint = excluded.fingerprint, outcome = null, created_at = now()
    where r.created_at < now() - interval '24 hours';
  if found then return null; end if;
  select * into claimed from replies where secret_hash = presented_hash() and idempotency_key = wanted;
  if claimed.fingerprint <> request then
    perform fail('CONFLICT', 'This Idempotency-Key was used for another request. Use a new one for each write.');
  end if;
  return coalesce(claimed.outcome, 'null');
end $$;

create function save_reply(wanted text, reply jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin update replies set outcome = reply where secret_hash = presented_hash() and idempotency_key = wanted; end $$;

revoke all on function describe_key(keys), whoami(), find_key(text), list_keys(text, int), count_keys(), set_grants(text, jsonb), add_secret(text, bytea),
  create_key(text, text, bytea, boolean, jsonb, timestamptz), lock_key(text), update_key(text, text, jsonb, text[]), rotate_key(text, bytea, int),
  deactivate_key(text), delete_key(text), set_root_secret(bytea), claim_reply(text, bytea), save_reply(text, jsonb) from public;
grant execute on function whoami(), find_key(text), list_keys(text, int), count_keys(), create_key(text, text, bytea, boolean, jsonb, timestamptz),
  update_key(text, text, jsonb, text[]), rotate_key(text, bytea, int), deactivate_key(text), delete_key(text),
  claim_reply(text, bytea), save_reply(text, jsonb) to dakera_app;

reset role;

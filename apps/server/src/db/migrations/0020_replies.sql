-- A kept reply notes the namespaces it came from. Why: docs/decisions/0007.
-- In place of claim_reply of 0016, store of 0008 and rotate_key of 0005.
set role dakera_owner;

-- Null: kept by a server that did not note them. Such a reply is never repeated.
alter table replies add column namespaces int[];

-- The secrets with too many kept replies, as count_replies last saw it.
create table full_secrets (secret_hash bytea primary key references key_secrets on delete cascade);
alter table full_secrets enable row level security;
alter table full_secrets force row level security;
create policy full_secrets_owner on full_secrets to dakera_owner using (true) with check (true);

drop function claim_reply(text, bytea);

/* Claims an idempotency key of the presented secret. Null: it is new, go on. Else what save_reply kept. Two at once: the second waits.
   places: the namespaces in which the caller's access has been checked for this request, in this transaction. A reply that came from
   another one is not repeated, whoever asks. The default serves servers of the release before, which run on during an upgrade.
   enable_seqscan: see 0016. */
create function claim_reply(wanted text, request bytea, places int[] default null) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare claimed replies; presented bytea := presented_hash();
begin
  perform require_key();
  insert into replies as r (secret_hash, idempotency_key, fingerprint, namespaces) values (presented, wanted, request, places)
  on conflict (secret_hash, idempotency_key) do update
    set fingerprint = excluded.fingerprint, namespaces = excluded.namespaces, outcome = null, created_at = now()
    where r.created_at < now() - interval '24 hours';
  if found then
    if exists (select from full_secrets where secret_hash = presented) then
      perform fail('RATE_LIMITED', 'This key has made more writes with an Idempotency-Key in the last 24 hours than the server keeps '
        || 'replies for. Store in batches, which need one reply each, or wait.');
    end if;
    return null;
  end if;
  select * into claimed from replies where secret_hash = presented and idempotency_key = wanted;
  if claimed.namespaces is null then
    perform fail('CONFLICT', 'This Idempotency-Key was used before the server was upgraded, and its reply can no longer be checked. '
      || 'See whether that write happened, and use a new key for the next.');
  elsif claimed.fingerprint <> request then
    perform fail('CONFLICT', 'This Idempotency-Key was used for another request. Use a new one for each write.');
  elsif (claimed.namespaces <@ places) is not true then
    perform fail('CONFLICT', 'This Idempotency-Key was used for a write in another namespace than this request finds now. '
      || 'Use a new one for each write.');
  end if;
  return coalesce(claimed.outcome, 'null');
end $$;

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

/* Notes the secrets with more kept replies than that; returns how many there are. Counted now and then and not with each write:
   writers of one key would wait for each other at the count. */
create function count_replies(most int) returns int
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_full bytea[] := array(
  select s.secret_hash from key_secrets s
  where (select count(*) > most from (select from replies r where r.secret_hash = s.secret_hash limit most + 1) counted));
begin
  delete from full_secrets where secret_hash <> all(found_full);
  insert into full_secrets select unnest(found_full) on conflict do nothing;
  return cardinality(found_full);
end $$;

/* The old secrets end after the grace, at once when it is 0. Returns the key with old_expires_at. */
create or replace function rotate_key(wanted text, new_hash bytea, grace_seconds int) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted); ends_at timestamptz := now() + grace_seconds * interval '1 second';
begin
  if target.id is null then return null; end if;
  if not target.active then
    perform fail('CONFLICT', 'The key is deactivated, so a new secret would open nothing. Create a new key instead.', wanted);
  elsif target.expires_at <= now() then
    perform fail('CONFLICT', 'The key has expired, so a new secret would open nothing. Create a new key instead.', wanted);
  end if;
  if grace_seconds = 0 then delete from key_secrets where key_id = target.id;
  else update key_secrets set expires_at = least(expires_at, ends_at) where key_id = target.id; end if;
  perform add_secret(target.id, new_hash);
  return find_key(target.id) || jsonb_build_object('old_expires_at', floor(extract(epoch from ends_at))::bigint);
end $$;

revoke all on function claim_reply(text, bytea, int[]), count_replies(int) from public;
grant execute on function claim_reply(text, bytea, int[]), count_replies(int) to dakera_app;

reset role;

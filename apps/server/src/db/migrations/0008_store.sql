set role dakera_owner;

/* Frees ids whose memory has expired but is not yet swept, so that a caller who may write here can use them again. */
create function free_expired_ids(target int, ids text[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if target = any(writable_namespaces()) then
    delete from memories where namespace_id = target and id = any(ids) and expires_at <= now();
  end if;
end $$;

/* Stores 1 to 1000 memories, all or none, and returns what the database assigned to each, in order. memories is a JSON array of the
   wire's fields; embeddings[i] and supplied[i] may be null. No RETURNING: it would need the select policy, and a write-only key has
   none; what the trigger will set is known here. A repeated idempotency_key with the same request (its fingerprint) stores nothing
   and returns the first answer, after the grant was checked again. embedder: whose vectors the embeddings are. */
create function store(key_hash bytea, namespace text, memories jsonb, embeddings halfvec[], supplied halfvec[] default null,
  idempotency_key text default null, fingerprint bytea default null, embedder text default null)
returns table (id text, author text, created_at timestamptz, expires_at timestamptz)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare place namespaces; saved jsonb; chosen text[]; mismatch int;
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  if embedder is not null then perform require_embedder(embedder, true); end if;
  place := open_namespace(namespace);

  if idempotency_key is not null then
    saved := claim_reply(idempotency_key, fingerprint);
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

revoke all on function free_expired_ids(int, text[]), store(bytea, text, jsonb, halfvec[], halfvec[], text, bytea, text) from public;
grant execute on function free_expired_ids(int, text[]), store(bytea, text, jsonb, halfvec[], halfvec[], text, bytea, text) to dakera_app;
reset role;

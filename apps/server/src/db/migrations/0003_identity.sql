-- Who is calling, and what row-level security lets them see.
-- The transaction carries set_config('dakera.key', <hex of SHA-256 of the presented secret>, true). The database recognises it here.
-- After a transaction the setting is '' and not null, and anything may be in it: only 64 hex digits count.
-- plpgsql, not sql: its plans are kept for the session (17 plans a non-inlined SQL function again in every statement).
set role dakera_owner;

/* How our functions say an error of the API: message is its code, detail the sentence for the caller, hint the resource. */
create function fail(code text, detail text default null, resource text default null) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin raise exception using errcode = 'DK000', message = code, detail = coalesce(detail, ''), hint = coalesce(resource, ''); end $$;

create function presented_hash() returns bytea
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare presented text := current_setting('dakera.key', true);
begin
  if presented ~ '^[0-9a-f]{64}$' then return decode(presented, 'hex'); end if;
  return null;
end $$;

create function presented_key() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_key keys;
begin
  select k.* into found_key from key_secrets s join keys k on k.id = s.key_id
  where s.secret_hash = presented_hash() and (s.expires_at is null or s.expires_at > now())
    and k.active and (k.expires_at is null or k.expires_at > now());
  return found_key;
end $$;

/* The presented key, or the error that says why there is none. */
create function require_key() returns keys
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

create function require_admin() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller keys := require_key();
begin
  if not caller.is_admin then perform fail('INSUFFICIENT_SCOPE', 'This call needs an admin key.'); end if;
  return caller;
end $$;

/* access: read, write (append), or edit, which is both: to change or remove is to learn what is there. */
create function granted_namespaces(access text) returns int[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller keys := presented_key();
begin
  if caller.id is null then return '{}'; end if;
  if caller.is_admin then return array(select id from namespaces); end if;
  return array(
    select n.id from grants g join namespaces n on n.name = g.namespace
    where g.key_id = caller.id and case access when 'read' then g.can_read when 'write' then g.can_write else g.can_read and g.can_write end);
end $$;

create function readable_namespaces() returns int[] language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$ begin return granted_namespaces('read'); end $$;
create function writable_namespaces() returns int[] language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$ begin return granted_namespaces('write'); end $$;
create function editable_namespaces() returns int[] language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$ begin return granted_namespaces('edit'); end $$;
/* Whether the caller is an admin; the error of the API when it is nobody. */
create function caller_is_admin() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return (require_key()).is_admin; end $$;
create function is_admin() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return coalesce((presented_key()).is_admin, false); end $$;
create function caller_name() returns text
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin return (presented_key()).name; end $$;

/* The namespace if the caller may use it so; nulls if it may and there is none; else the error of the API.
   "Not yours" and "not there" are one error, except to an admin, who sees all. */
create function resolve_namespace(wanted text, access text) returns namespaces
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare caller keys := require_key(); found_namespace namespaces; granted grants;
begin
  if not caller.is_admin then
    select * into granted from grants where key_id = caller.id and namespace = wanted;
    if granted.key_id is null then
      perform fail('NAMESPACE_ACCESS_DENIED', format('The API key has no grant on the namespace "%s".', wanted), wanted);
    elsif access in ('read', 'edit') and not granted.can_read then
      perform fail('INSUFFICIENT_SCOPE', format('The API key may only append to "%s"; this call needs a grant that reads.', wanted), wanted);
    elsif access in ('write', 'edit') and not granted.can_write then
      perform fail('INSUFFICIENT_SCOPE', format('The API key may read "%s" but not write to it.', wanted), wanted);
    end if;
  end if;
  select * into found_namespace from namespaces where name = wanted;
  return found_namespace;
end $$;

/* The same for a write, which creates the namespace on its first use. */
create function open_namespace(wanted text) returns namespaces
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_namespace namespaces := resolve_namespace(wanted, 'write');
begin
  if found_namespace.id is null then
    insert into namespaces (name) values (wanted) on conflict (name) do nothing;
    select * into found_namespace from namespaces where name = wanted;
  end if;
  return found_namespace;
end $$;

/* Refuses to go on as a role that row security does not bind. A pooler that drops the start parameter "role" would otherwise leave
   the server with all the rights of its login, and nobody would notice. */
create function require_bound_role() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if current_user <> 'dakera_app' and (pg_has_role(current_user, 'dakera_owner', 'member')
    or exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls))) then
    raise exception 'This connection acts as %, which row-level security does not bind. It must act as dakera_app.', current_user using errcode = 'DK001';
  end if;
end $$;

/* Refuses vectors of another embedder than the database's: those of a server that did not notice that it moved. A write also
   keeps the database where it is until it is done; writers do not wait for each other here. */
create function require_embedder(model text, for_write boolean) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare space text;
begin
  if for_write then perform pg_advisory_xact_lock_shared(hashtext('dakera_embedding_space')); end if;
  space := (select s.model from embedding_space s);
  if model <> space then
    perform fail('SERVICE_UNAVAILABLE', format('The vectors of this database are made by %s by now, and this server embeds with %s. Try again; if that does not help, restart the server with the new model.', space, model));
  end if;
end $$;

/* First statement of a transaction that is not one of the hot functions: who calls, from here to its end. True for an admin. */
create function identify(key_hash bytea) returns boolean
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);
  return caller_is_admin();
end $$;

revoke all on function require_bound_role(), require_embedder(text, boolean), identify(bytea), caller_is_admin(), fail(text, text, text), presented_hash(), presented_key(), require_key(), require_admin(), granted_namespaces(text),
  readable_namespaces(), writable_namespaces(), editable_namespaces(), is_admin(), caller_name(), resolve_namespace(text, text),
  open_namespace(text), new_memory_id() from public;
grant execute on function require_bound_role(), require_embedder(text, boolean), identify(bytea), caller_is_admin(), fail(text, text, text), granted_namespaces(text), readable_namespaces(), writable_namespaces(), editable_namespaces(),
  is_admin(), caller_name(), resolve_namespace(text, text), open_namespace(text), new_memory_id() to dakera_app;
grant execute on function granted_namespaces(text), readable_namespaces() to dakera_search;

-- ── Row-level security ──
-- FORCE binds the owner as well; the owner's own policies say plainly what the definer functions and triggers may touch.
-- "in (select unnest(f()))" keeps the planner's row estimates right and runs f once per statement; "= any(f())" does neither.

do $$
declare guarded text;
begin
  foreach guarded in array array['namespaces', 'keys', 'key_secrets', 'grants', 'replies', 'memories', 'memory_words', 'memory_accesses', 'namespace_languages', 'vector_indexes', 'embedding_space',
    'namespace_statistics', 'term_statistics', 'statistics_deltas'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy %I on %I to dakera_owner using (true) with check (true)', guarded || '_owner', guarded);
  end loop;
end $$;

-- An expired memory is invisible here, so it is invisible everywhere and in the same instant; a job frees its space later.
create policy memories_select on memories for select to dakera_app
  using (namespace_id in (select unnest(readable_namespaces())) and (expires_at is null or expires_at > now()));
create policy memories_insert on memories for insert to dakera_app with check (namespace_id in (select unnest(writable_namespaces())));
create policy memories_update on memories for update to dakera_app
  using (namespace_id in (select unnest(editable_namespaces()))) with check (namespace_id in (select unnest(editable_namespaces())));
create policy memories_delete on memories for delete to dakera_app using (namespace_id in (select unnest(editable_namespaces())));
create policy embedding_space_select on embedding_space for select to dakera_app using (true);   -- the name of a model
create policy memory_words_select on memory_words for select to dakera_app
  using (namespace_id in (select unnest(readable_namespaces())) and (expires_at is null or expires_at > now()));
create policy namespace_languages_select on namespace_languages for select to dakera_app using (namespace_id in (select unnest(readable_namespaces())));
create policy vector_indexes_select on vector_indexes for select to dakera_app using (namespace_id in (select unnest(readable_namespaces())));
create policy memory_accesses_select on memory_accesses for select to dakera_app using (namespace_id in (select unnest(readable_namespaces())));
create policy namespaces_select on namespaces for select to dakera_app
  using ((select is_admin()) or id in (select unnest(readable_namespaces())) or id in (select unnest(writable_namespaces())));
create policy namespaces_insert on namespaces for insert to dakera_app with check (is_admin());
create policy namespaces_update on namespaces for update to dakera_app using (is_admin()) with check (is_admin());

-- A constant-true policy is folded away, and that alone lets GIN serve @@ (it is not leakproof) with FORCE on.
create policy memory_words_search on memory_words for select to dakera_search using (true);
create policy memories_search on memories for select to dakera_search using (true);
create policy namespaces_search on namespaces for select to dakera_search using (true);
create policy namespace_statistics_search on namespace_statistics for select to dakera_search using (true);
create policy namespace_languages_search on namespace_languages for select to dakera_search using (true);
create policy term_statistics_search on term_statistics for select to dakera_search using (true);
create policy statistics_deltas_search on statistics_deltas for select to dakera_search using (true);

-- dakera_app sees no key, secret, grant, reply or statistics, and sets no author, time or version.
grant select, delete on memories to dakera_app;
grant insert (namespace_id, id, content, memory_type, importance, tags, metadata, session_id, valid_from, expires_at, v, supplied_v) on memories to dakera_app;
grant update (content, memory_type, importance, tags, metadata, session_id, expires_at, v, supplied_v) on memories to dakera_app;
grant select on namespaces, namespace_languages, vector_indexes, memory_words, memory_accesses, embedding_space to dakera_app;
grant insert (name, description, dimension, text_config, weights, metadata, policy) on namespaces to dakera_app;
grant update (description, dimension, text_config, weights, metadata, policy, updated_at) on namespaces to dakera_app;
-- dakera_search sees no content and no vector.
grant select (namespace_id, id, memory_type, importance, tags, metadata, author, session_id, created_at, expires_at) on memories to dakera_search;
grant select on namespaces, namespace_languages, memory_words, namespace_statistics, term_statistics, statistics_deltas to dakera_search;

reset role;

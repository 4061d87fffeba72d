set role dakera_owner;

/* The namespace if the caller may use it so; nulls if it may and there is none; else the error of the API.
   "Not yours" and "not there" are one error, except to an admin, who sees all. */
create or replace function resolve_namespace(wanted text, access text) returns namespaces
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
revoke all on function resolve_namespace from public;
grant execute on function resolve_namespace to dakera_app;

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
revoke all on function open_namespace from public;
grant execute on function open_namespace to dakera_app;

/* Deletes a namespace with its memories, statistics and the grants on its name; returns how many vectors went, null when there was none. */
create or replace function delete_namespace(wanted text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target int; deleted bigint;
begin
  perform require_admin();
  select id into target from namespaces where name = wanted for update;
  if target is null then return null; end if;
  select vectors into deleted from count_memories(array[target]);
  delete from grants where namespace = wanted;
  delete from namespaces where id = target;
  delete from statistics_deltas where namespace_id = target;
  return deleted;
end $$;
revoke all on function delete_namespace from public;
grant execute on function delete_namespace to dakera_app;

/* How many live memories, and vectors of the server's embedder, each of these namespaces has: only those the caller
   may read. */
create or replace function count_memories(targets int[])
returns table (namespace_id int, documents bigint, vectors bigint)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with target as (select unnest(targets) as id intersect select unnest(readable_namespaces())),
  part as (
    select s.namespace_id, s.documents, s.vectors from namespace_statistics s join target t on t.id = s.namespace_id
    union all
    select d.namespace_id, sum(d.sign), sum(d.sign * d.vectors)
    from statistics_deltas d join target t on t.id = d.namespace_id group by 1
    union all   -- expired and not moved yet
    select w.namespace_id, -count(*), -count(m.v) from target t join memory_words w on w.namespace_id = t.id
    join memories m on m.namespace_id = w.namespace_id and m.id = w.id where w.expires_at <= now() group by 1)
  select t.id, coalesce(sum(p.documents), 0)::bigint, coalesce(sum(p.vectors), 0)::bigint
  from target t left join part p on p.namespace_id = t.id group by t.id;
end $$;
revoke all on function count_memories from public;
grant execute on function count_memories to dakera_app;

/* Refuses vectors of another embedder than the database's: those of a server that did not notice that it moved. A write also
   keeps the database where it is until it is done; writers do not wait for each other here. */
create or replace function require_embedder(model text, for_write boolean) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare space text;
begin
  if for_write then perform pg_advisory_xact_lock_shared(hashtext('dakera_embedding_space')); end if;
  space := (select s.model from embedding_space s);
  if model <> space then
    perform fail('SERVICE_UNAVAILABLE', format('The vectors of this database are made by %s by now, and this server embeds with %s. Try again; if that does not help, restart the server with the new model.', space, model));
  end if;
end $$;
revoke all on function require_embedder from public;
grant execute on function require_embedder to dakera_app;

reset role;

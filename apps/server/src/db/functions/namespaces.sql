-- Namespaces: finding one with the right access, creating it on the first write, counting and deleting.
set role dakera_owner;

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

reset role;

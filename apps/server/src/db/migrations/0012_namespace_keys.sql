-- Keys as one namespace sees them.
set role dakera_owner;

/* Those with a grant on it, oldest first. */
create function list_namespace_keys(place text) returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform require_admin();
  return query select describe_key(k) from keys k join grants g on g.key_id = k.id where g.namespace = place order by k.created_at, k.id;
end $$;

/* Deletes a key that has no other grant; else only takes this one from it. Returns whether the key went; null when it had no grant here. */
create function delete_namespace_key(wanted text, place text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target keys := lock_key(wanted); goes boolean;
begin
  if not exists (select from grants where key_id = target.id and namespace = place) then return null; end if;
  goes := not target.is_admin and not exists (select from grants where key_id = target.id and namespace <> place);
  if goes then delete from keys where id = target.id;
  else delete from grants where key_id = target.id and namespace = place; end if;
  return goes;
end $$;

revoke all on function list_namespace_keys(text), delete_namespace_key(text, text) from public;
grant execute on function list_namespace_keys(text), delete_namespace_key(text, text) to dakera_app;

reset role;

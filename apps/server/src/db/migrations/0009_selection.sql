-- Listing and forgetting by filter. SECURITY INVOKER: the caller's policies decide what there is to list or forget.
set role dakera_owner;

/* Newest first, from behind (before_time, before_id) where given. */
create function list_memories(target int, filter jsonb, before_time timestamptz, before_id text, how_many int) returns setof memories
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
begin
  return query execute format('select m.* from memories m where m.namespace_id = %s and %s and ($1 is null or (m.created_at, m.id) < ($1, $2))'
    ' order by m.created_at desc, m.id desc limit $3', target, filter_condition(filter)) using before_time, before_id, how_many;
end $$;

create function count_matching(target int, filter jsonb) returns bigint
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare found_count bigint;
begin
  execute format('select count(*) from memories m where m.namespace_id = %s and %s', target, filter_condition(filter)) into found_count;
  return found_count;
end $$;

create function forget_matching(target int, filter jsonb) returns bigint
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare forgotten bigint;
begin
  execute format('delete from memories m where m.namespace_id = %s and %s', target, filter_condition(filter));
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

revoke all on function list_memories(int, jsonb, timestamptz, text, int), count_matching(int, jsonb), forget_matching(int, jsonb) from public;
grant execute on function list_memories(int, jsonb, timestamptz, text, int), count_matching(int, jsonb), forget_matching(int, jsonb) to dakera_app;
reset role;

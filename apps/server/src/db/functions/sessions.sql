set role dakera_owner;

create or replace function new_session_id() returns text language sql volatile parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select 'ses' || substr(new_memory_id(), 4) $$;
revoke all on function new_session_id from public;
grant execute on function new_session_id to dakera_app;

-- Ending is the only change there is. The first end counts.
create or replace function sessions_before_update() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.ended_at := coalesce(old.ended_at, now());
  return new;
end $$;
revoke all on function sessions_before_update from public;

/* The same of sessions, newest first; of all that the caller may read where target is null. */
create or replace function list_sessions(target int, active_only boolean, skip bigint, how_many int, most_bytes bigint) returns setof sessions
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare s sessions; bytes bigint := 0; more bigint;
begin
  for s in execute format('select s.* from sessions s where %s and %s order by s.started_at desc, s.id desc limit $1 offset $2',
      case when target is null then 'true' else format('s.namespace_id = %s', target) end, case when active_only then 's.ended_at is null' else 'true' end)
    using how_many, skip
  loop
    more := reply_bytes(coalesce(s.summary, ''), s.metadata, '{}');
    exit when bytes > 0 and bytes + more > most_bytes;
    bytes := bytes + more;
    return next s;
  end loop;
end $$;
revoke all on function list_sessions from public;
grant execute on function list_sessions to dakera_app;

reset role;

-- Sessions: stretches of an agent's work. A memory names its session in session_id; that session need not exist.
set role dakera_owner;

-- Returns a new id, the default of sessions.id: 'ses' and the rest of a new memory id.
create or replace function new_session_id() returns text
language sql volatile parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select 'ses' || substr(new_memory_id(), 4)
$$;
revoke all on function new_session_id from public;
grant execute on function new_session_id to dakera_app;

-- Trigger: sets ended_at. An update can only end a session, and only the first one does.
create or replace function sessions_before_update() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.ended_at := coalesce(old.ended_at, now());
  return new;
end $$;
revoke all on function sessions_before_update from public;

-- Returns a page of sessions, newest first; those of every readable namespace if target is null. The page ends early
-- before it exceeds most_bytes.
create or replace function list_sessions(
  target int,
  active_only boolean,
  skip bigint,
  how_many int,
  most_bytes bigint
) returns setof sessions
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  s sessions;
  bytes bigint := 0;
  more bigint;
begin
  for s in
    execute format(
      'select s.* from sessions s where %s and %s order by s.started_at desc, s.id desc limit $1 offset $2',
      case when target is null then 'true' else format('s.namespace_id = %s', target) end,
      case when active_only then 's.ended_at is null' else 'true' end)
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

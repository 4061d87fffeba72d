-- Sessions: stretches of an agent's work. A memory names one as session_id, and may name one that was never started.
set role dakera_owner;

create function new_session_id() returns text language sql volatile parallel safe set search_path = pg_catalog, public, pg_temp as $$
  select 'ses' || substr(new_memory_id(), 4) $$;

create table sessions (
  namespace_id int not null references namespaces on delete cascade,
  started_at   timestamptz not null default now(),
  ended_at     timestamptz,
  id           text collate "C" not null default new_session_id(),
  summary      text,
  metadata     jsonb not null default '{}',
  primary key (namespace_id, id)
);
create index sessions_started_at_idx on sessions (namespace_id, started_at desc, id desc);

-- Ending is the only change there is. The first end counts.
create function sessions_before_update() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.ended_at := coalesce(old.ended_at, now());
  return new;
end $$;
create trigger sessions_before_update before update on sessions for each row execute function sessions_before_update();

revoke all on function new_session_id(), sessions_before_update() from public;
grant execute on function new_session_id() to dakera_app;

alter table sessions enable row level security;
alter table sessions force row level security;
create policy sessions_owner on sessions to dakera_owner using (true) with check (true);
create policy sessions_select on sessions for select to dakera_app using (namespace_id in (select unnest(readable_namespaces())));
create policy sessions_insert on sessions for insert to dakera_app with check (namespace_id in (select unnest(writable_namespaces())));
create policy sessions_update on sessions for update to dakera_app
  using (namespace_id in (select unnest(editable_namespaces()))) with check (namespace_id in (select unnest(editable_namespaces())));

-- dakera_app sets no time.
grant select on sessions to dakera_app;
grant insert (namespace_id, id, metadata) on sessions to dakera_app;
grant update (summary) on sessions to dakera_app;

reset role;

-- Which database this is, so that a kept admin key can say what it opens.
set role dakera_owner;

create table installation (
  only_row boolean primary key default true check (only_row),
  id       text not null default 'db_' || replace(gen_random_uuid()::text, '-', '')
);
insert into installation default values;

alter table installation enable row level security;
alter table installation force row level security;
create policy installation_owner on installation to dakera_owner using (true) with check (true);

reset role;

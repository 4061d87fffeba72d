-- Roles and extensions. Runs as a superuser, or as a login that owns the database and has CREATEROLE, or as any login
-- where an operator made the roles and extensions before (docs/postgres.md lists the statements).

create extension if not exists vector;
create extension if not exists btree_gin;   -- puts namespace_id into the same GIN index as the words
create extension if not exists pg_trgm;     -- finds what a misspelt word may have meant

do $$
declare wanted text;
begin
  -- owner: owns everything, migrates. app: what the server acts as, owns nothing. search: owns the functions that need GIN under row security.
  foreach wanted in array array['dakera_owner', 'dakera_app', 'dakera_search'] loop
    begin
      if to_regrole(wanted) is null then execute format('create role %I nologin', wanted); end if;
    exception when duplicate_object or unique_violation then null;   -- another database of this cluster was faster
    end;
    -- 16+: creating a role does not yet allow SET ROLE to it.
    if not pg_has_role(current_user, wanted, 'set') then execute format('grant %I to current_user', wanted); end if;
  end loop;
end $$;

revoke create on schema public from public;          -- functions have public on their search_path
grant usage, create on schema public to dakera_owner, dakera_search;   -- 0006 takes CREATE from dakera_search again
grant usage on schema public to dakera_app;

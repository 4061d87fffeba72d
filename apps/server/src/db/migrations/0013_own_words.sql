-- The index of words knows its namespace, and a policy asks less. Why: docs/decisions/0020.
set role dakera_owner;

/* A word as the index knows it: with the number of its namespace in front, so that looking it up never meets what others store. Beside
   namespace_id in the index it took 1.5 ms to find 2,559 of 100,000 memories, and 0.4 so. The 500 keep it below the longest that a tsvector holds. */
create function own_word(namespace_id int, lexeme text) returns text language sql immutable parallel safe as $$ select left(namespace_id::text || ':' || lexeme, 500) $$;
create function own_words(namespace_id int, ts tsvector) returns tsvector language plpgsql immutable parallel safe cost 1000 set search_path = pg_catalog, public, pg_temp as $$
begin return array_to_tsvector(array(select own_word(namespace_id, lexeme) from unnest(tsvector_to_array(ts)) lexeme)); end $$;
revoke all on function own_word(int, text), own_words(int, tsvector) from public;
grant execute on function own_word(int, text), own_words(int, tsvector) to dakera_search;

drop index memory_words_idx;
create index memory_words_idx on memory_words using gin (own_words(namespace_id, ts)) with (fastupdate = off);

/* Whether a secret opens its key now. */
create function opens(secret key_secrets, key keys) returns boolean language sql stable
return key.active and (key.expires_at is null or key.expires_at > now()) and (secret.expires_at is null or secret.expires_at > now());
revoke all on function opens(key_secrets, keys) from public;

create or replace function presented_key() returns keys
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare found_key keys;
begin
  select k.* into found_key from key_secrets s join keys k on k.id = s.key_id where s.secret_hash = presented_hash() and opens(s, k);
  return found_key;
end $$;

/* access: read, write (append), or edit, which is both: to change or remove is to learn what is there.
   Each policy of each statement asks this, so it looks the key up itself: 29 µs, and 46 through presented_key(). */
create or replace function granted_namespaces(access text) returns int[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare presented text := current_setting('dakera.key', true); granted int[];
begin
  if length(presented) <> 64 or translate(presented, '0123456789abcdef', '') <> '' then return '{}'; end if;
  select case when k.is_admin then array(select id from namespaces) else array(
      select n.id from grants g join namespaces n on n.name = g.namespace
      where g.key_id = k.id and case access when 'read' then g.can_read when 'write' then g.can_write else g.can_read and g.can_write end) end
  into granted from key_secrets s join keys k on k.id = s.key_id where s.secret_hash = decode(presented, 'hex') and opens(s, k);
  return coalesce(granted, '{}');
end $$;

-- Bound when they are created, so they need no search_path, and Postgres puts their body in place of the call.
create or replace function readable_namespaces() returns int[] language sql stable return granted_namespaces('read');
create or replace function writable_namespaces() returns int[] language sql stable return granted_namespaces('write');
create or replace function editable_namespaces() returns int[] language sql stable return granted_namespaces('edit');

reset role;

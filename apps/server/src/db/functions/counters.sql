-- Counters: accesses of memories and usage of keys, which the server counts in memory and writes every few seconds.
-- They are security definer, as the server writes them without a key; both return nothing, so they do not tell what
-- exists.
set role dakera_owner;

-- Adds accesses: [{"hash": <hex>, "namespace": …, "id": …, "count": …, "at": <unix seconds>}]. `hash` is the hash of
-- the secret with which the memory was read; a memory that its key cannot read is skipped.
create or replace function record_accesses(given jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set jit = off
as $$
begin
  insert into memory_accesses as a (namespace_id, id, access_count, last_accessed_at)
  select m.namespace_id, m.id, g.count, least(to_timestamp(g.at), now())
  from jsonb_to_recordset(given) as g(hash text, namespace text, id text, count bigint, at float8)
  join key_secrets s on s.secret_hash = decode(g.hash, 'hex')
  join keys k on k.id = s.key_id and secret_is_valid(s, k)
  join namespaces n on n.name = g.namespace
  join memories m on m.namespace_id = n.id and m.id = g.id
  where g.count > 0 and (
    k.is_admin
    or exists (select from grants r where r.key_id = k.id and r.namespace = n.name and r.can_read))
  order by m.namespace_id, m.id   -- every server takes the locks in this order, so that two cannot deadlock
  for key share of m skip locked
  on conflict (namespace_id, id) do update set
    access_count = a.access_count + excluded.access_count,
    last_accessed_at = greatest(a.last_accessed_at, excluded.last_accessed_at);
end $$;
revoke all on function record_accesses from public;
grant execute on function record_accesses to dakera_app;

-- Adds usage: [{"hash": <hex>, "endpoint", "namespace", "requests", "failed", "rate_limited", "bytes", "total_ms",
-- "at": <unix seconds>}]. A hash without a key is skipped.
create or replace function record_key_usage(counted jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into key_usage as u (key_id, endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used)
  select
    k.id,
    c.endpoint,
    coalesce(n.name, ''),
    sum(c.requests),
    sum(c.failed),
    sum(c.rate_limited),
    sum(c.bytes),
    sum(c.total_ms),
    least(to_timestamp(max(c.at)), now())
  from jsonb_to_recordset(counted) as c(
    hash text, endpoint text, namespace text, requests bigint, failed bigint, rate_limited bigint, bytes bigint,
    total_ms float8, at float8)
  join key_secrets s on s.secret_hash = decode(c.hash, 'hex')
  join keys k on k.id = s.key_id
  left join namespaces n on n.name = c.namespace
  where c.requests > 0 and least(c.failed, c.rate_limited, c.bytes, c.total_ms) >= 0
  group by 1, 2, 3
  order by 1, 2, 3   -- every server takes the locks in this order, so that two cannot deadlock
  on conflict (key_id, endpoint, namespace) do update set
    requests = u.requests + excluded.requests,
    failed = u.failed + excluded.failed,
    rate_limited = u.rate_limited + excluded.rate_limited,
    bytes = u.bytes + excluded.bytes,
    total_ms = u.total_ms + excluded.total_ms,
    last_used = greatest(u.last_used, excluded.last_used);
end $$;
revoke all on function record_key_usage from public;
grant execute on function record_key_usage to dakera_app;

-- Returns the usage of a key, for an admin.
create or replace function list_key_usage(wanted text) returns table (
  endpoint text,
  namespace text,
  requests bigint,
  failed bigint,
  rate_limited bigint,
  bytes bigint,
  total_ms float8,
  last_used timestamptz
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
#variable_conflict use_column
begin
  perform require_admin();
  return query
  select endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used
  from key_usage
  where key_id = wanted;
end $$;
revoke all on function list_key_usage from public;
grant execute on function list_key_usage to dakera_app;

reset role;

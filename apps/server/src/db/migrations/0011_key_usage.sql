-- What was asked with each key. Counted in the server's memory and written now and then: a request must not cost a write.
set role dakera_owner;

-- namespace is '' where a request named none, several, or one that is not there: a key must not fill the table with names of its own.
create table key_usage (
  key_id       text collate "C" not null references keys on delete cascade,
  endpoint     text collate "C" not null,
  namespace    text not null,
  requests     bigint not null,
  failed       bigint not null,
  rate_limited bigint not null,
  bytes        bigint not null,
  total_ms     float8 not null,
  last_used    timestamptz not null,
  primary key (key_id, endpoint, namespace)
);
alter table key_usage enable row level security;
alter table key_usage force row level security;
create policy key_usage_owner on key_usage to dakera_owner using (true) with check (true);

/* Adds what was counted: [{"hash": <hex>, "endpoint", "namespace", "requests", "failed", "rate_limited", "bytes", "total_ms", "at": <unix seconds>}].
   What no key answers for is left out. Returns a count, never rows, so the server may call it without a key. */
create function record_key_usage(counted jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare recorded int;
begin
  insert into key_usage as u (key_id, endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used)
  select k.id, c.endpoint, coalesce(n.name, ''), sum(c.requests), sum(c.failed), sum(c.rate_limited), sum(c.bytes), sum(c.total_ms), to_timestamp(max(c.at))
  from jsonb_to_recordset(counted)
    as c(hash text, endpoint text, namespace text, requests bigint, failed bigint, rate_limited bigint, bytes bigint, total_ms float8, at float8)
  join key_secrets s on s.secret_hash = decode(c.hash, 'hex') join keys k on k.id = s.key_id left join namespaces n on n.name = c.namespace
  group by 1, 2, 3 order by 1, 2, 3   -- in one order, so that two servers do not wait for each other in a circle
  on conflict (key_id, endpoint, namespace) do update set requests = u.requests + excluded.requests, failed = u.failed + excluded.failed,
    rate_limited = u.rate_limited + excluded.rate_limited, bytes = u.bytes + excluded.bytes, total_ms = u.total_ms + excluded.total_ms,
    last_used = greatest(u.last_used, excluded.last_used);
  get diagnostics recorded = row_count;
  return recorded;
end $$;

create function list_key_usage(wanted text)
returns table (endpoint text, namespace text, requests bigint, failed bigint, rate_limited bigint, bytes bigint, total_ms float8, last_used timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
begin
  perform require_admin();
  return query select endpoint, namespace, requests, failed, rate_limited, bytes, total_ms, last_used from key_usage where key_id = wanted;
end $$;

revoke all on function record_key_usage(jsonb), list_key_usage(text) from public;
grant execute on function record_key_usage(jsonb), list_key_usage(text) to dakera_app;

reset role;

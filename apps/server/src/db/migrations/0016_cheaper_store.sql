-- A store costs less. Why: docs/decisions/0022. In place of presented_hash of 0003, claim_reply and save_reply of 0005.
set role dakera_owner;

/* translate and not a regular expression, which is built anew in every call and was half of this one. */
create or replace function presented_hash() returns bytea
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare presented text := current_setting('dakera.key', true);
begin
  if length(presented) = 64 and translate(presented, '0123456789abcdef', '') = '' then return decode(presented, 'hex'); end if;
  return null;
end $$;

/* Claims an idempotency key of the presented secret. Null: it is new, go on. Else what save_reply kept. Two at once: the second waits.
   enable_seqscan: a session that planned this while there were few replies would read all of them for every write, at 8 µs each. */
create or replace function claim_reply(wanted text, request bytea) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare claimed replies; presented bytea := presented_hash();
begin
  perform require_key();
  insert into replies as r (secret_hash, idempotency_key, fingerprint) values (presented, wanted, request)
  on conflict (secret_hash, idempotency_key) do update set fingerprint = excluded.fingerprint, outcome = null, created_at = now()
    where r.created_at < now() - interval '24 hours';
  if found then return null; end if;
  select * into claimed from replies where secret_hash = presented and idempotency_key = wanted;
  if claimed.fingerprint <> request then
    perform fail('CONFLICT', 'This Idempotency-Key was used for another request. Use a new one for each write.');
  end if;
  return coalesce(claimed.outcome, 'null');
end $$;

create or replace function save_reply(wanted text, reply jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare presented bytea := presented_hash();
begin update replies set outcome = reply where secret_hash = presented and idempotency_key = wanted; end $$;

/* Postgres would plan the insert anew in every call, as it takes the plan for a known number of memories for the cheaper one: .4 of 2.8 ms.
   enable_seqscan, as above: the first call plans for all that the session will do. */
alter function store(bytea, text, jsonb, halfvec[], halfvec[], text, bytea, text) set plan_cache_mode = force_generic_plan set enable_seqscan = off;

/* Indexes are built with m = 12 (jobs/vector-indexes.ts). An element has fewer neighbours to visit, so as many more are looked at. */
do $$ begin perform '[1]'::halfvec; end $$;   -- loads the library: else only a superuser may mention its settings
alter function nearest_memories(int, halfvec, boolean, jsonb, text[], float8, int) set hnsw.ef_search = 140;

reset role;

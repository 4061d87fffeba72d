-- Replies: the idempotency of writes. The reply to a write with an Idempotency-Key is kept for 24 hours and repeated
-- to the same request. Security definer: no other role may read or write replies.
-- enable_seqscan = off, here: a session that planned a statement while there were few replies would otherwise read
-- all of them for every write, at 8 µs each.
set role dakera_owner;

-- Claims an idempotency key for the presented secret. Returns null if it is new; otherwise the reply that
-- save_reply() kept. If two requests claim the same key at once, the second waits for the first.
-- places: the namespaces in which the caller's access was checked for this request, in this transaction. A reply from
-- any other namespace is refused to every caller. The default is for servers of the previous release, which still run
-- during a rolling upgrade.
create or replace function claim_reply(wanted text, request bytea, places int[] default null) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  claimed replies;
  presented bytea := presented_hash();
begin
  perform require_key();
  insert into replies as r (secret_hash, idempotency_key, fingerprint, namespaces)
  values (presented, wanted, request, places)
  on conflict (secret_hash, idempotency_key) do update set
    fingerprint = excluded.fingerprint,
    namespaces = excluded.namespaces,
    outcome = null,
    created_at = now()
  where r.created_at < now() - interval '24 hours';
  if found then
    if exists (select from full_secrets where secret_hash = presented) then
      perform raise_api_error(
        'RATE_LIMITED',
        'This key has made more writes with an Idempotency-Key in the last 24 hours than the server keeps '
          || 'replies for. Store in batches, which need one reply each, or wait.');
    end if;
    return null;
  end if;

  select * into claimed from replies where secret_hash = presented and idempotency_key = wanted;
  if claimed.namespaces is null then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used before the server was upgraded, and its reply can no longer be checked. '
        || 'Check whether that write happened, and use a new key for the next one.');
  elsif claimed.fingerprint <> request then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used for another request. Use a new one for each write.');
  elsif (claimed.namespaces <@ places) is not true then
    perform raise_api_error(
      'CONFLICT',
      'This Idempotency-Key was used for a write in another namespace than this request finds now. '
        || 'Use a new one for each write.');
  end if;
  return coalesce(claimed.outcome, 'null');
end $$;
revoke all on function claim_reply from public;
grant execute on function claim_reply to dakera_app;

-- Keeps the reply to a write whose idempotency key was claimed in this transaction.
create or replace function save_reply(wanted text, reply jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  presented bytea := presented_hash();
begin
  update replies set outcome = reply where secret_hash = presented and idempotency_key = wanted;
end $$;
revoke all on function save_reply from public;
grant execute on function save_reply to dakera_app;

-- Deletes up to how_many replies older than 24 hours, and all secrets that expired 30 days ago. Returns how many it
-- deleted.
create or replace function delete_old_replies(how_many int) returns int
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  deleted int;
  ended int;
begin
  delete from replies
  where (secret_hash, idempotency_key) in (
    select secret_hash, idempotency_key
    from replies
    where created_at < now() - interval '24 hours'
    limit how_many
    for update skip locked);
  get diagnostics deleted = row_count;
  delete from key_secrets where expires_at < now() - interval '30 days';   -- until then the error is API_KEY_EXPIRED
  get diagnostics ended = row_count;
  return deleted + ended;
end $$;
revoke all on function delete_old_replies from public;
grant execute on function delete_old_replies to dakera_app;

-- Records in full_secrets the next secrets with more than `most` kept replies. Returns how many such secrets it
-- found; null if every secret has been counted, or if another server is counting. One call reads about most_rows
-- replies, but always all of one secret. A job counts, and not each write, as writers with the same key would wait
-- for each other.
create or replace function count_replies(most int, most_rows int) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off
as $$
declare
  position bytea;
  secret bytea;
  last bytea;
  kept int;
  found_full int := 0;
  room int := most_rows;
begin
  select behind into position from reply_count for update skip locked;
  if position is null then
    return null;
  end if;
  for secret in select secret_hash from key_secrets where secret_hash > position order by secret_hash loop
    select count(*) into kept from (select from replies where secret_hash = secret limit most + 1) counted;
    if kept > most then
      insert into full_secrets values (secret) on conflict do nothing;
      found_full := found_full + 1;
    else
      delete from full_secrets where secret_hash = secret;
    end if;
    last := secret;
    room := room - kept - 10;   -- a secret costs as much as ten replies, in addition to its own
    exit when room <= 0;
  end loop;
  update reply_count set behind = coalesce(last, '');
  return case when last is not null then found_full end;
end $$;
revoke all on function count_replies from public;
grant execute on function count_replies to dakera_app;

reset role;

set role dakera_owner;

/* Nearly the order of BM25 among memories of one length, at half its price: what most of many memories are sorted out by, before the exact score.
   ts_rank of one word grows with its frequency much as BM25 does. */
create or replace function rough_score(ts tsvector, words tsquery[], weights float8[]) returns float8 language sql immutable parallel safe as $$
  select weights[1] * ts_rank('{1,1,1,1}', ts, words[1]) + coalesce(weights[2] * ts_rank('{1,1,1,1}', ts, words[2]), 0)
    + coalesce(weights[3] * ts_rank('{1,1,1,1}', ts, words[3]), 0) + coalesce(weights[4] * ts_rank('{1,1,1,1}', ts, words[4]), 0)
    + case when words[5] is null then 0 else
      weights[5] * ts_rank('{1,1,1,1}', ts, words[5]) + coalesce(weights[6] * ts_rank('{1,1,1,1}', ts, words[6]), 0)
    + coalesce(weights[7] * ts_rank('{1,1,1,1}', ts, words[7]), 0) + coalesce(weights[8] * ts_rank('{1,1,1,1}', ts, words[8]), 0)
    + case when words[9] is null then 0 else
      weights[9] * ts_rank('{1,1,1,1}', ts, words[9]) + coalesce(weights[10] * ts_rank('{1,1,1,1}', ts, words[10]), 0)
    + coalesce(weights[11] * ts_rank('{1,1,1,1}', ts, words[11]), 0) + coalesce(weights[12] * ts_rank('{1,1,1,1}', ts, words[12]), 0)
    + coalesce(weights[13] * ts_rank('{1,1,1,1}', ts, words[13]), 0) + coalesce(weights[14] * ts_rank('{1,1,1,1}', ts, words[14]), 0)
    + coalesce(weights[15] * ts_rank('{1,1,1,1}', ts, words[15]), 0) + coalesce(weights[16] * ts_rank('{1,1,1,1}', ts, words[16]), 0) end end $$;
revoke all on function rough_score from public;
grant execute on function rough_score to dakera_app, dakera_search;

/* BM25 of all the words. */
create or replace function words_score(ts tsvector, length_part float8, words tsquery[], weights float8[]) returns float8
language plpgsql immutable strict parallel safe as $$
declare score float8 := 0;
begin
  for i in 1..cardinality(words) loop score := score + word_score(ts, length_part, words[i], weights[i]); end loop;
  return score;
end $$;
revoke all on function words_score from public;
grant execute on function words_score to dakera_app, dakera_search;

/* What one word of weight adds to a memory: weight * tf / (tf + length_part), where length_part is 0.54 + 0.36 * dl / average length.
   With all weights 1, ts_rank of one word is the sum of 1/i^2 up to its frequency tf, over 1.64493406685; the remainder of that series
   is 1/(tf + 1/2) to within the rounding, which gives tf back without unnesting (exact for 1..255, all that a tsvector keeps).
   Each argument stands once, so that Postgres puts the body in place of the call. */
create or replace function word_score(ts tsvector, length_part float8, word tsquery, weight float8) returns float8 language sql immutable parallel safe as $$
  select weight * (1::float8 - 1::float8 / (1::float8 + round(1::float8 / (1.6449340668482264::float8
    - ts_rank('{1,1,1,1}', ts, word)::float8 * 1.64493406685::float8) - 0.5::float8) / length_part)) $$;
revoke all on function word_score from public;
grant execute on function word_score to dakera_app, dakera_search;

-- ── What is there literally ──

/* What is looked for in the plain() of a text for each word and phrase, and for each beginning of a word; nothing for what has no letter, digit or sign. */
create or replace function needles(texts text[], beginnings text[]) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare word constant text := '[^\u0001' || separators() || ']|[' || signs() || ']';
begin
  return array(
    select needle from (
      select plain(wanted) as needle from unnest(texts) wanted
      union all
      select case when beginning ~ ('[' || separators() || ']$') then regexp_replace(plain(beginning || 'x'), E'x\1$', '')   -- src/db/* and 1.26.*: what ends a sentence stays
        else rtrim(plain(beginning), E'\1') end from unnest(beginnings) beginning) asked
    where needle ~ word);
end $$;
revoke all on function needles from public;
grant execute on function needles to dakera_app, dakera_search;

/* Of each needle its longest run, whole: a text that lacks it lacks the needle, and that is found out at a third of the price. */
create or replace function hints(needles text[]) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  return array(
    select (select run from unnest(string_to_array(replace(needle, E'\2', ''), E'\1')) run order by length(run) desc limit 1)
    from unnest(needles) with ordinality asked(needle, at) order by at);
end $$;
revoke all on function hints from public;
grant execute on function hints to dakera_app, dakera_search;

/* Whether all of the needles are in a text, or any of them. In a text with compounds written as one, a part counts as a run of its own, and the whole
   run does too: userId has user, Id and userid. */
create or replace function holds(content text, needles text[], hints text[], any_will_do boolean) returns boolean
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  seen text := lower(case when octet_length(content) = length(content) then content else composed(content) end collate "default");   -- as in folded()
  whole text; parts text; there boolean;
begin
  if octet_length(seen) <> length(seen) then seen := replace(replace(seen, 'ß', 'ss'), 'ς', 'σ'); end if;
  for i in 1..cardinality(needles) loop
    there := strpos(seen, hints[i]) > 0;
    if there then
      if whole is null then
        parts := plain(content);
        whole := replace(parts, E'\2', '');
        parts := replace(parts, E'\2', E'\1');
      end if;
      there := strpos(parts, replace(needles[i], E'\2', E'\1')) > 0 or strpos(whole, replace(needles[i], E'\2', '')) > 0;
    end if;
    if there = any_will_do then return there; end if;
  end loop;
  return not any_will_do;
end $$;
revoke all on function holds from public;
grant execute on function holds to dakera_app, dakera_search;

/* Those of these memories that hold all of the needles, in the order given, until there are enough. SECURITY DEFINER: lexical_search asks it, which has
   checked the grant, and reads no content itself. */
create or replace function literal_hits(target int, candidates text[], needles text[], hints text[], how_many int) returns text[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return array(
    select c.id from unnest(candidates) with ordinality c(id, at)
    cross join lateral (select m.content from memories m where m.namespace_id = target and m.id = c.id offset 0) m
    where holds(m.content, needles, hints, false) limit how_many);
end $$;
revoke all on function literal_hits from public;
grant execute on function literal_hits to dakera_search;

/* Whether a memory holds any of the needles; in a filter of lexical_search. */
create or replace function is_excluded(target int, memory text, needles text[], hints text[]) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return (select holds(m.content, needles, hints, true) from memories m where m.namespace_id = target and m.id = memory);
end $$;
revoke all on function is_excluded from public;
grant execute on function is_excluded to dakera_search;

reset role;

-- Search: the lexical arm of recall, by BM25, and what an exact search finds literally.
--
-- BM25: k1 0.9, b 0.4 (docs/decisions/0019), idf = ln(1 + (N - df + 0.5) / (df + 0.5)); any word may match. bm25_max
-- is the sum of idf * 1.9 over the words of the query that occur in the namespace. Every literal is ::float8, since
-- numeric arithmetic doubles the time.
-- Statements that run in every call are static, so that a session keeps their plans; only a filter needs a statement
-- made of text.
set role dakera_owner;

-- ── BM25 ──

-- Returns what one word adds to the score of a memory: weight * tf / (tf + length_part), where length_part is
-- 0.54 + 0.36 * dl / average length.
-- With all weights 1, ts_rank() of one word is the sum of 1/i^2 up to its frequency tf, over 1.64493406685; the
-- remainder of that series is 1/(tf + 1/2) to within the rounding, which gives tf without unnesting (exact for
-- 1..255, the most that a tsvector keeps). Each argument is used once, so that Postgres can inline the function.
create or replace function bm25_term(ts tsvector, length_part float8, word tsquery, weight float8) returns float8
language sql immutable parallel safe
as $$
  select weight * (1::float8 - 1::float8 / (1::float8 + round(1::float8 / (1.6449340668482264::float8
    - ts_rank('{1,1,1,1}', ts, word)::float8 * 1.64493406685::float8) - 0.5::float8) / length_part))
$$;
revoke all on function bm25_term from public;
grant execute on function bm25_term to dakera_app, dakera_search;

-- Returns the BM25 score of a memory for all words of a query.
create or replace function bm25(ts tsvector, length_part float8, words tsquery[], weights float8[]) returns float8
language plpgsql immutable strict parallel safe
as $$
declare
  score float8 := 0;
begin
  for i in 1..cardinality(words) loop
    score := score + bm25_term(ts, length_part, words[i], weights[i]);
  end loop;
  return score;
end $$;
revoke all on function bm25 from public;
grant execute on function bm25 to dakera_app, dakera_search;

-- Returns an estimate that orders memories of one length nearly as bm25() does, at half its cost: ts_rank() of one
-- word grows with its frequency much as BM25 does. It decides which of many memories get the exact score. It reads at
-- most 16 words.
create or replace function bm25_estimate(ts tsvector, words tsquery[], weights float8[]) returns float8
language sql immutable parallel safe
as $$
  select weights[1] * ts_rank('{1,1,1,1}', ts, words[1])
    + coalesce(weights[2] * ts_rank('{1,1,1,1}', ts, words[2]), 0)
    + coalesce(weights[3] * ts_rank('{1,1,1,1}', ts, words[3]), 0)
    + coalesce(weights[4] * ts_rank('{1,1,1,1}', ts, words[4]), 0)
    + case when words[5] is null then 0 else
      weights[5] * ts_rank('{1,1,1,1}', ts, words[5])
    + coalesce(weights[6] * ts_rank('{1,1,1,1}', ts, words[6]), 0)
    + coalesce(weights[7] * ts_rank('{1,1,1,1}', ts, words[7]), 0)
    + coalesce(weights[8] * ts_rank('{1,1,1,1}', ts, words[8]), 0)
    + case when words[9] is null then 0 else
      weights[9] * ts_rank('{1,1,1,1}', ts, words[9])
    + coalesce(weights[10] * ts_rank('{1,1,1,1}', ts, words[10]), 0)
    + coalesce(weights[11] * ts_rank('{1,1,1,1}', ts, words[11]), 0)
    + coalesce(weights[12] * ts_rank('{1,1,1,1}', ts, words[12]), 0)
    + coalesce(weights[13] * ts_rank('{1,1,1,1}', ts, words[13]), 0)
    + coalesce(weights[14] * ts_rank('{1,1,1,1}', ts, words[14]), 0)
    + coalesce(weights[15] * ts_rank('{1,1,1,1}', ts, words[15]), 0)
    + coalesce(weights[16] * ts_rank('{1,1,1,1}', ts, words[16]), 0) end end
$$;
revoke all on function bm25_estimate from public;
grant execute on function bm25_estimate to dakera_app, dakera_search;

-- ── What a content contains literally ──

-- Returns the needles of a search: what is looked for in the literal_form() of a text for each word and phrase, and
-- for each beginning of a word. A text without a letter, digit or symbol has no needle.
create or replace function needles(texts text[], beginnings text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  word constant text := '[^\u0001' || separators() || ']|[' || symbols() || ']';
begin
  return array(
    select needle
    from (
      select literal_form(wanted) as needle from unnest(texts) wanted
      union all
      select case
        -- src/db/* and 1.26.*: what would end a sentence stays
        when beginning ~ ('[' || separators() || ']$') then
          regexp_replace(literal_form(beginning || 'x'), E'x\1$', '')
        else rtrim(literal_form(beginning), E'\1')
      end
      from unnest(beginnings) beginning
    ) asked
    where needle ~ word);
end $$;
revoke all on function needles from public;
grant execute on function needles to dakera_app, dakera_search;

-- Returns the longest run of each needle, joined. A text without that run cannot contain the needle, and finding that
-- out costs a third of looking for the needle itself.
create or replace function longest_runs(needles text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(
    select (
      select run
      from unnest(string_to_array(replace(needle, E'\2', ''), E'\1')) run
      order by length(run) desc
      limit 1)
    from unnest(needles) with ordinality asked(needle, at)
    order by at);
end $$;
revoke all on function longest_runs from public;
grant execute on function longest_runs to dakera_app, dakera_search;

-- Returns true if a text contains all of the needles, or any of them if any_will_do is true. hints: their
-- longest_runs(). In a text with compounds written as one, each part is a run of its own, and so is the whole: userId
-- contains user, Id and userid.
create or replace function contains_needles(content text, needles text[], hints text[], any_will_do boolean)
returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  seen text := lower(   -- as in fold_text()
    case when octet_length(content) = length(content) then content else normalize_text(content) end collate "default");
  whole text;
  parts text;
  is_there boolean;
begin
  if octet_length(seen) <> length(seen) then
    seen := replace(replace(seen, 'ß', 'ss'), 'ς', 'σ');
  end if;
  for i in 1..cardinality(needles) loop
    is_there := strpos(seen, hints[i]) > 0;
    if is_there then
      if whole is null then
        parts := literal_form(content);
        whole := replace(parts, E'\2', '');
        parts := replace(parts, E'\2', E'\1');
      end if;
      is_there := strpos(parts, replace(needles[i], E'\2', E'\1')) > 0
        or strpos(whole, replace(needles[i], E'\2', '')) > 0;
    end if;
    if is_there = any_will_do then
      return is_there;
    end if;
  end loop;
  return not any_will_do;
end $$;
revoke all on function contains_needles from public;
grant execute on function contains_needles to dakera_app, dakera_search;

-- Returns the first how_many of these memories that contain all of the needles, in the given order. Security definer:
-- lexical_search() calls it, which has checked the grant and may not read any content itself.
create or replace function literal_hits(
  target int,
  candidates text[],
  needles text[],
  hints text[],
  how_many int
) returns text[]
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return array(
    select c.id
    from unnest(candidates) with ordinality c(id, at)
    cross join lateral (select m.content from memories m where m.namespace_id = target and m.id = c.id offset 0) m
    where contains_needles(m.content, needles, hints, false)
    limit how_many);
end $$;
revoke all on function literal_hits from public;
grant execute on function literal_hits to dakera_search;

-- Returns true if a memory contains any of the needles. Security definer: the filter of lexical_search() calls it,
-- which may not read any content itself.
create or replace function is_excluded(target int, memory text, needles text[], hints text[]) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return (
    select contains_needles(m.content, needles, hints, true)
    from memories m
    where m.namespace_id = target and m.id = memory);
end $$;
revoke all on function is_excluded from public;
grant execute on function is_excluded to dakera_search;

-- ── Functions of dakera_search ──
-- They alone read memories without the caller's policies, because Postgres never uses a GIN index for an operator
-- that is not leakproof (@@, @>, &&) under a real policy; and dakera_search may read neither content nor vectors.
-- lexical_search() is the only one that others may call: it checks the grant itself and takes data, never SQL. The
-- rest are its pieces: without "security definer" and granted to nobody, they run only inside it, under its role and
-- its settings.
--
-- In statements made of text, $1 is the filter and $2 the selected ids.
set role dakera_search;

-- Returns the ids of the memories that pass a filter, if an index finds them and there are at most `most`; otherwise
-- null. Both arms then look only at these. condition: the filter_condition() of the filter.
create or replace function selected_memories(target int, condition text, filter jsonb, most int) returns text[]
language plpgsql stable
as $$
declare
  selected text[];
begin
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then
    return null;
  end if;
  execute format(
    'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found',
    target, condition, most + 1)
  into selected
  using filter;
  if cardinality(selected) > most then
    return null;
  end if;
  return coalesce(selected, '{}');
end $$;
revoke all on function selected_memories from public;

-- Returns SQL that reads the memories in which terms are looked for, as w.id, w.ts and w.dl: the selected ones; or
-- those that the index finds for $4; or all that pass the filter, if by_index is false. condition: null if there is
-- no filter.
-- The words in the index belong to one namespace already; "namespace_id + 0" makes sure of it, and keeps the planner
-- from reading the whole namespace by the primary key.
create or replace function candidate_source(target int, condition text, is_selected boolean, by_index boolean)
returns text
language plpgsql stable
as $$
begin
  return format(
    case
      when is_selected then
        'select w.id, w.ts, w.dl from unnest($2) s(id)'
          ' cross join lateral (select * from memory_words w where w.namespace_id = %1$s and w.id = s.id offset 0) w'
          ' where (w.expires_at is null or w.expires_at > now())'
      when by_index and condition is null then
        'select w.id, w.ts, w.dl from memory_words w'
          ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $4 and w.namespace_id + 0 = %1$s'
          ' and (w.expires_at is null or w.expires_at > now())'
      when by_index then
        'select w.id, w.ts, w.dl from (select * from memory_words w'
          ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $4 and w.namespace_id + 0 = %1$s offset 0) w'
          ' join memories m on m.namespace_id = %1$s and m.id = w.id where %2$s'
      else
        'select w.id, w.ts, w.dl from memory_words w'
          ' join memories m on m.namespace_id = w.namespace_id and m.id = w.id'
          ' where w.namespace_id = %1$s and %2$s'
    end,
    target,
    coalesce(condition, '(m.expires_at is null or m.expires_at > now())'));
end $$;
revoke all on function candidate_source from public;

-- Returns the terms to look up besides those of the query: for each of 32 prefixes the terms that begin with it, and
-- for the three longest words that no memory contains the terms that are similar to it. share: the fraction of the
-- word's weight that the term gets. part: the word of the query that it stands for.
create or replace function expand_terms(target int, lexemes text[], prefixes text[], with_typos boolean) returns table (
  lexeme text,
  share float8,
  part text
)
language plpgsql stable
as $$
begin
  return query
  with fresh as materialized (   -- terms of memories that are not merged into the statistics yet
    select distinct word collate "C" as word
    from statistics_deltas d, unnest(tsvector_to_array(d.words)) word
    where d.namespace_id = target
  ),
  unknown as (
    select l.word
    from unnest(lexemes) l(word)
    where with_typos
      and l.word ~ '^[[:alpha:]]{4,38}$'   -- a number or an identifier has no typos
      and not exists (select from term_statistics t where t.namespace_id = target and t.term = l.word collate "C")
      -- "not in" is hashed; "not exists" would be so only with a good estimate
      and l.word collate "C" not in (select f.word from fresh f)
    order by length(l.word) desc, l.word
    limit 3
  ),
  spelt as materialized (
    select f.word
    from fresh f
    where exists (select from unknown) and f.word ~ '^[[:alpha:]]{3,40}$'
  )
  select near.word, near.likeness::float8, u.word
  from unknown u
  cross join lateral (
    select t.term as word, similarity(t.term, u.word) as likeness
    from term_statistics t
    where t.namespace_id + 0 = target
      and t.term % u.word
      and length(t.term) between 3 and 40
      and t.term ~ '^[[:alpha:]]+$'
      and length(t.term) between length(u.word) - 2 and length(u.word) + 2
    union
    select k.word, k.likeness
    from (   -- "offset 0": the similarity is computed once, here
      select s.word, similarity(s.word, u.word) as likeness
      from spelt s
      where length(s.word) between length(u.word) - 2 and length(u.word) + 2
      offset 0
    ) k
    where k.likeness >= 0.3
    order by 2 desc, 1
    limit 3
  ) near
  union all
  select begun.word, 1, p
  from unnest(prefixes[:32]) p
  cross join lateral (
    (
      select t.term as word
      from term_statistics t
      where t.namespace_id = target and t.term >= p collate "C" and t.term < (p || chr(1114111)) collate "C"
      limit 16
    )
    union
    (select f.word from fresh f where starts_with(f.word, p) limit 16)
  ) begun;
end $$;
revoke all on function expand_terms from public;

-- Returns the lexemes that a query looks up, those of a search with the terms that expand_terms() adds.
-- share: the fraction of its weight that a lexeme gets; null: all. part: the word of the query that it stands for.
create or replace function query_lexemes(
  target int,
  query_text text,
  search jsonb,
  configs regconfig[],
  out lexemes text[],
  out shares float8[],
  out parts text[]
)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  prefixes text[] := json_texts(search -> 'prefixes');
begin
  lexemes := lexemes_of(query_text, configs);
  if exists (select from old_words where namespace_id = target) then
    -- Some memories are not indexed again yet (upkeep.sql): they lack the words that only 0026 makes.
    select
      coalesce(array_agg(lexeme), '{}'),
      array_agg(case when lexeme = any(old_words) then 1 else 0.2 end)
    into lexemes, shares
    from old_lexemes_of(query_text, configs) old_words
    cross join lateral (select unnest(lexemes) union select unnest(old_words)) asked(lexeme);
  end if;
  parts := lexemes;
  if search is not null then
    select
      lexemes || array_agg(lexeme),
      coalesce(shares, array_fill(1::float8, array[cardinality(lexemes)])) || array_agg(share),
      lexemes || array_agg(part)
    into lexemes, shares, parts
    from expand_terms(
      target, lexemes, lexemes_of(array_to_string(prefixes, ' '), configs), (search -> 'typos')::boolean);
  end if;
end $$;
revoke all on function query_lexemes from public;

-- Returns the terms of a query, rarest first, in arrays of the same length, which are null if the namespace has none
-- of them:
--   words          as a memory contains them
--   index_words    as the index contains them
--   weights        the most that each adds to a score
--   frequencies    in how many memories each occurs
-- documents: the memories of the namespace. per_position: the part of the BM25 length of a memory for each of its
-- positions. bm25_max: the score that no memory exceeds.
create or replace function query_terms(
  target int,
  asked_lexemes record,
  out documents float8,
  out per_position float8,
  out words tsquery[],
  out index_words tsquery[],
  out weights float8[],
  out frequencies int[],
  out bm25_max float8
)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  -- Looking into each change for each of many words would cost their product.
  has_many constant boolean := cardinality(asked_lexemes.lexemes) > 32;
begin
  with asked as materialized (
    select
      lexeme collate "C" as lexeme,
      lexeme_query(lexeme)::tsquery as word,
      lexeme_query(namespaced_lexeme(target, lexeme))::tsquery as index_word,
      coalesce(share, 1) as share,
      part
    from rows from (unnest(asked_lexemes.lexemes), unnest(asked_lexemes.shares), unnest(asked_lexemes.parts))
      as given(lexeme, share, part)
  ),
  change as materialized (   -- not merged yet; or expired, and not moved yet
    select sign, positions, words from statistics_deltas where namespace_id = target
    union all
    select -1, dl, ts from memory_words where namespace_id = target and expires_at <= now()
  ),
  total as (
    select coalesce(sum(documents), 0)::float8 as documents, coalesce(sum(positions), 0)::float8 as positions
    from (
      select documents, positions from namespace_statistics where namespace_id = target
      union all
      select sign, sign * positions from change
    ) parts
  ),
  changed as materialized (
    select term collate "C" as term, sum(sign) as documents
    from change, unnest(tsvector_to_array(words)) term
    where has_many
    group by 1
  ),
  counted as materialized (   -- materialized: otherwise the planner counts again wherever df is used
    select
      asked.*,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
        + coalesce(
          case when has_many then changed.documents else (select sum(sign) from change where words @@ word) end,
          0) as df
    from asked
    left join changed on term = lexeme
  ),
  weighed as (
    select counted.*, ln(1 + (total.documents - df + 0.5::float8) / (df + 0.5::float8)) * 1.9 as weight
    from counted, total
    where df > 0
  )
  select
    (select documents from total),
    (select 0.36::float8 / greatest(1, positions / documents) from total where documents > 0),
    array_agg(word order by df, word::text),
    array_agg(index_word order by df, word::text),
    array_agg(weight * share order by df, word::text),
    array_agg(df::int order by df, word::text),
    (select sum(most) from (select max(weight) as most from weighed group by part) p)
  into documents, per_position, words, index_words, weights, frequencies, bm25_max
  from weighed;
  if cardinality(words) > 16 then   -- a pasted text: its rarest words distinguish it
    words := words[:16];
    weights := weights[:16];
    bm25_max := (select sum(weight) from unnest(weights) weight);
  end if;
end $$;
revoke all on function query_terms from public;

-- ── MaxScore ──
-- It reads the essential terms, which are the rarest ones, and stops as soon as the threshold, the how_many-th best
-- score so far, is above the upper bound of what the other terms add: then no memory that has only those can be among
-- the best. Here the bound is what they are likely to add (docs/decisions/0020).

-- Returns the upper bound of what terms add to the score of a memory. 0.69 is the share of its weight that a term
-- adds to a memory of average length that contains it twice; most add less.
create or replace function upper_bound(weights float8[]) returns float8
language plpgsql immutable
as $$
declare
  total float8 := 0;
  weight float8;
begin
  foreach weight in array weights loop
    total := total + weight;
  end loop;
  return 0.69 * total;
end $$;
revoke all on function upper_bound from public;

-- Returns a query for any of these words but the one at position `but`; null if there is none.
create or replace function any_of(words tsquery[], but int default null) returns tsquery
language plpgsql immutable
as $$
declare
  found tsquery;
begin
  for i in 1..cardinality(words) loop
    if i is distinct from but then
      found := coalesce(found || words[i], found, words[i]);
    end if;
  end loop;
  return found;
end $$;
revoke all on function any_of from public;

-- Returns how many terms are essential in the first round: as many as will probably be needed, since every round has
-- its cost. A common term is never read just for that.
create or replace function essential_terms(terms record, how_many int, budget int, is_selected boolean) returns int
language plpgsql immutable
as $$
declare
  essential int := 1;
  candidates float8 := terms.frequencies[1];
begin
  while essential < cardinality(terms.words) loop
    exit when not is_selected and (
      candidates + terms.frequencies[essential + 1] > budget
      or candidates >= how_many
        and upper_bound(terms.weights[essential + 1:]) <= upper_bound(terms.weights[:1]));
    essential := essential + 1;
    candidates := candidates + terms.frequencies[essential];
  end loop;
  return essential;
end $$;
revoke all on function essential_terms from public;

-- Returns the queries of a round that reads the terms first..last:
--   matching         for the words of a memory
--   index_matching   for the index: of a term in more than `few` memories only those that contain another strong term
--   met              what earlier rounds have read: those memories have their whole score already
create or replace function round_queries(
  terms record,
  first int,
  last int,
  strong int,
  few int,
  out matching tsquery,
  out index_matching tsquery,
  out met tsquery
)
language plpgsql immutable
as $$
declare
  essential tsquery[] := '{}';
begin
  for i in first..last loop
    if terms.frequencies[i] <= few or strong = 1 then
      essential := essential || terms.index_words[i];
    else
      essential := essential || (terms.index_words[i] && any_of(terms.index_words[first:strong], i - first + 1));
    end if;
  end loop;
  matching := any_of(terms.words[first:last]);
  index_matching := any_of(essential);
  met := any_of(terms.words[:first - 1]);
end $$;
revoke all on function round_queries from public;

-- Returns the queries of the last round, and in how many memories its terms occur: of the frequent terms those that
-- can still lift a memory over the threshold, alone or with weak terms. The queries are null if there is none.
create or replace function last_queries(
  terms record,
  last int,
  strong int,
  few int,
  threshold float8,
  out matching tsquery,
  out index_matching tsquery,
  out met tsquery,
  out candidates float8
)
language plpgsql immutable
as $$
declare
  weak constant float8[] := terms.weights[strong + 1:];
begin
  candidates := 0;
  for i in 1..last loop
    if terms.frequencies[i] > few and upper_bound(terms.weights[i] || weak) > coalesce(threshold, 0) then
      candidates := candidates + terms.frequencies[i];
      matching := any_of(array[matching, terms.words[i] && !! any_of(terms.words[:strong], i)]);
      index_matching := any_of(
        array[index_matching, terms.index_words[i] && !! any_of(terms.index_words[:strong], i)]);
    end if;
  end loop;
end $$;
revoke all on function last_queries from public;

-- Returns the best of these memories and of those that a round finds. If there are too many candidates, only the
-- newest `budget` of them: reading back from the newest id finds these after budget * documents / candidates rows,
-- before the index would have gathered all.
-- The estimate discards most memories; the best get the exact score.
create or replace function best_of_round(
  target int,
  terms record,
  round record,
  too_many boolean,
  how_many int,
  budget int,
  inout ids text[],
  inout scores float8[]
)
language plpgsql stable
as $$
#variable_conflict use_column
begin
  select array_agg(id), array_agg(score) into ids, scores
  from (
    select *
    from (
      select w.id, bm25(w.ts, 0.54::float8 + terms.per_position * w.dl, terms.words, terms.weights) as score
      from (
        select *
        from (
          select w.id, w.ts, w.dl
          from memory_words w
          where not too_many
            and namespaced_lexemes(w.namespace_id, w.ts) @@ round.index_matching
            and w.namespace_id + 0 = target
            and (round.met is null or not w.ts @@ round.met)
            and (w.expires_at is null or w.expires_at > now())
          union all
          (
            select w.id, w.ts, w.dl
            from memory_words w
            where too_many
              and w.namespace_id = target
              and w.ts @@ round.matching
              and (round.met is null or not w.ts @@ round.met)
              and (w.expires_at is null or w.expires_at > now())
            order by w.id desc
            limit budget
          )
        ) w
        order by bm25_estimate(w.ts, terms.words, terms.weights) / (1.54::float8 + terms.per_position * w.dl) desc
        limit 2 * how_many
      ) w
      union all
      select * from unnest(ids, scores)
    ) found
    order by 2 desc, 1
    limit how_many
  ) best;
end $$;
revoke all on function best_of_round from public;

-- Does what best_of_round() does, of the memories that pass a filter: its statement is made of text.
create or replace function best_of_filtered_round(
  target int,
  terms record,
  round record,
  too_many boolean,
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[],
  inout ids text[],
  inout scores float8[]
)
language plpgsql stable
as $$
declare
  source text := candidate_source(target, condition, selected is not null, not too_many);
begin
  if selected is not null or too_many then
    source := source || ' and w.ts @@ $3';
  end if;
  if round.met is not null then
    source := source || ' and not w.ts @@ $5';
  end if;
  if too_many then
    source := source || format(' order by w.id desc limit %s', budget);
  end if;
  execute format(
    'select array_agg(id), array_agg(score) from (select * from ('
      'select w.id, bm25(w.ts, 0.54::float8 + $8 * w.dl, $6, $7) as score'
      ' from (select w.* from (%s) w'
      ' order by bm25_estimate(w.ts, $6, $7) / (1.54::float8 + $8 * w.dl) desc limit 2 * $9) w'
      ' union all select * from unnest($10, $11)) found order by 2 desc, 1 limit $9) best',
    source)
  into ids, scores
  using filter, selected, round.matching, round.index_matching, round.met, terms.words, terms.weights,
    terms.per_position, how_many, ids, scores;
end $$;
revoke all on function best_of_filtered_round from public;

-- Returns the best memories by BM25, by MaxScore. Of a term that occurs in more than `few` memories, a round reads
-- those that contain another strong term too; those that contain it alone are read last, if one of them could still
-- be among the best. Beyond `budget` candidates it stops, and the result is approximate. If a query has only very
-- common terms, it looks at the newest `budget` matches.
create or replace function top_by_bm25(
  target int,
  terms record,
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[],
  out ids text[],
  out scores float8[]
)
language plpgsql stable
as $$
declare
  is_selected constant boolean := selected is not null;
  known constant int := cardinality(terms.words);
  few constant int := 10 * how_many;
  first int := 1;
  essential int := essential_terms(terms, how_many, budget, is_selected);
  strong int := 0;
  candidates float8 := 0;
  too_many boolean;
  is_last boolean := false;
  round record;
  best record;
begin
  -- The strong terms weigh at least a quarter of the heaviest: one of them alone tells little less than with a weak
  -- one.
  for i in 1..known loop
    strong := strong + (terms.weights[i] >= 0.25 * terms.weights[1])::int;
    candidates := candidates + case when i <= essential then terms.frequencies[i] else 0 end;
  end loop;
  loop
    if is_last then
      round := last_queries(terms, essential, strong, few, scores[how_many]);
      exit when round.matching is null;
      candidates := round.candidates;
    else
      round := round_queries(terms, first, essential, strong, few);
    end if;
    too_many := candidates > sqrt(budget * terms.documents) and not is_selected;
    if is_selected or condition is not null then
      best := best_of_filtered_round(
        target, terms, round, too_many, how_many, budget, condition, filter, selected, ids, scores);
    else
      best := best_of_round(target, terms, round, too_many, how_many, budget, ids, scores);
    end if;
    ids := best.ids;
    scores := best.scores;
    exit when is_last or too_many;
    is_last := coalesce(
      essential = known
        or scores[how_many] >= upper_bound(terms.weights[essential + 1:])
        or candidates + terms.frequencies[essential + 1] > budget and 3 * cardinality(ids) >= how_many,
      false);
    if is_last then
      exit when strong = 1 or is_selected;
    else
      first := essential + 1;
      essential := first;
      candidates := candidates + terms.frequencies[essential];
    end if;
  end loop;
end $$;
revoke all on function top_by_bm25 from public;

-- ── Exact matches ──

-- Returns the memories that contain every word, phrase and beginning of a search literally (needles): of those that
-- the index lets through, the best first, until there are how_many. best_ids: the best by BM25.
create or replace function exact_matches(
  target int,
  terms record,
  search jsonb,
  needles text[],
  configs regconfig[],
  best_ids text[],
  how_many int,
  budget int,
  condition text,
  filter jsonb,
  selected text[]
) returns text[]
language plpgsql stable
as $$
declare
  hints constant text[] := longest_runs(needles);
  exact_query constant tsquery := namespaced_query(
    target, json_texts(search -> 'all'), json_texts(search -> 'prefixes'), ' & ', configs);
  source constant text := candidate_source(target, condition, selected is not null, exact_query is not null);
  met text[];
  exact_ids text[];
  renewed text;
begin
  execute format(
    'select array_agg(w.id order by bm25(w.ts, 0.54::float8 + $7 * w.dl, $5, $6) desc nulls last, w.id desc)'
      ' from (%s limit $3) w',
    source)
  into met
  using filter, selected, case when selected is null then budget end, exact_query, terms.words, terms.weights,
    terms.per_position;
  exact_ids := literal_hits(target, merged_ids(best_ids, met), needles, hints, how_many);
  if selected is not null then
    return exact_ids;
  end if;
  -- There are more matches than the budget: look at all the others.
  if cardinality(exact_ids) < how_many and cardinality(met) = budget then
    execute format('select array_agg(w.id) from (%s) w', source)
    into met
    using filter, selected, null, exact_query;
    exact_ids := exact_ids || literal_hits(
      target, array(select unnest(met) except select unnest(exact_ids)), needles, hints,
      how_many - cardinality(exact_ids));
  end if;
  -- Some memories are not indexed again yet, so the index does not know what they contain.
  if cardinality(exact_ids) < how_many then
    select after_id into renewed from old_words where namespace_id = target;
    if found then
      execute format(
        'select array_agg(m.id) from memories m where m.namespace_id = %s and m.id > $2 and %s',
        target, coalesce(condition, filter_condition(null, '$1')))
      into met
      using filter, renewed;
      exact_ids := exact_ids || literal_hits(
        target, array(select unnest(met) except select unnest(exact_ids)), needles, hints,
        how_many - cardinality(exact_ids));
    end if;
  end if;
  return exact_ids;
end $$;
revoke all on function exact_matches from public;

-- Returns the first ids, and those of the others that are not among them.
create or replace function merged_ids(first text[], others text[]) returns text[]
language plpgsql immutable
as $$
begin
  return coalesce(first, '{}') || array(select id from unnest(others) id where id <> all(coalesce(first, '{}')));
end $$;
revoke all on function merged_ids from public;

-- ── Search ──

-- Returns the weights of a query's words in a namespace, and its best memories by BM25: ids and scores, and no text.
-- search: {"all": [], "prefixes": [], "typos": true}; null for recall. exact_ids: the memories that contain every
-- word, phrase and beginning literally. selected: the only memories that were looked at, as they are all that pass
-- the filter.
create or replace function lexical_search(
  target int,
  query_text text,
  filter jsonb,
  how_many int,
  search jsonb,
  budget int,
  out documents float8,
  out words tsquery[],
  out weights float8[],
  out bm25_max float8,
  out per_position float8,
  out ids text[],
  out scores float8[],
  out exact_ids text[],
  out selected text[]
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
as $$
declare
  needles text[];
  condition text;
  configs regconfig[];
  terms record;
  best record;
begin
  if not target = any(readable_namespaces()) then return; end if;
  if filter <> '{}' then
    condition := filter_condition(filter, '$1');
    selected := selected_memories(target, condition, filter, 5000);
  end if;

  configs := configurations_of(target);
  terms := query_terms(target, query_lexemes(target, query_text, search, configs));
  documents := terms.documents;
  words := terms.words;
  weights := terms.weights;
  bm25_max := terms.bm25_max;
  per_position := terms.per_position;
  if words is not null then
    best := top_by_bm25(target, terms, how_many, budget, condition, filter, selected);
    ids := best.ids;
    scores := best.scores;
  end if;
  if search is null then
    return;
  end if;

  needles := needles(json_texts(search -> 'all'), json_texts(search -> 'prefixes'));
  if needles <> '{}' then
    exact_ids := exact_matches(
      target, terms, search, needles, configs, ids, how_many, budget, condition, filter, selected);
    ids := merged_ids(ids, exact_ids);
  elsif words is null and condition is not null and search -> 'all' = '[]' and search -> 'prefixes' = '[]' then
    -- There is no word to look up: a search by tags alone returns the newest memories that have them.
    execute format(
      'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s'
        ' order by m.id desc limit $3) newest',
      target,
      case when selected is null then condition else 'm.id = any($2)' end)
    into exact_ids
    using filter, selected, how_many;
    ids := exact_ids;
    scores := array_fill(1::float8, array[coalesce(cardinality(ids), 0)]);
    bm25_max := 1;
  end if;
end $$;
revoke all on function lexical_search from public;
grant execute on function lexical_search to dakera_app;

reset role;

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
-- that is not leakproof (@@, @>, &&) under a real policy. So each of them checks the grant itself and takes data,
-- never SQL; and dakera_search may read neither content nor vectors.
set role dakera_search;

-- Returns the ids of the memories that pass a filter, if an index finds them and there are at most `most`; otherwise
-- null.
-- Both arms then look only at these.
create or replace function selected_memories(target int, filter jsonb, most int) returns text[]
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  selected text[];
begin
  if not target = any(readable_namespaces()) then return null; end if;
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then
    return null;
  end if;
  execute format(
    'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found',
    target, filter_condition(filter, '$1'), most + 1)
  into selected
  using filter;
  if cardinality(selected) > most then
    return null;
  end if;
  return coalesce(selected, '{}');
end $$;
revoke all on function selected_memories from public;
grant execute on function selected_memories to dakera_app;

-- Returns the terms to look up besides those of the query: for each of 32 prefixes the terms that begin with it, and
-- for the three longest words that no memory contains the terms that are similar to it. share: the fraction of the
-- word's weight that the term gets. part: the word of the query that it stands for.
create or replace function expand_terms(target int, lexemes text[], prefixes text[], with_typos boolean) returns table (
  lexeme text,
  share float8,
  part text
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if not target = any(readable_namespaces()) then return; end if;
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

-- Returns the weights of a query's words in a namespace, and its best memories by BM25: ids and scores, and no text.
-- search: {"all": [], "prefixes": [], "typos": true}; null for recall. exact_ids: the memories that contain every
-- word, phrase and beginning literally. selected: look only at these memories; null: at all that pass the filter.
--
-- The loop is MaxScore: it scores the memories with the rarest words first, and stops once the how_many-th best score
-- exceeds what the remaining words are likely to add. Of a word that occurs in more than `few` memories, it first
-- reads those that contain another strong word too; those that contain it alone are read last, if one of them could
-- still be among the best (docs/decisions/0020). Beyond `budget` candidates it stops, and the result is approximate.
-- If a query has only very common words, it looks at the newest `budget` matches.
create or replace function lexical_search(
  target int,
  query_text text,
  filter jsonb,
  selected text[],
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
  out exact_ids text[]
)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  -- Share of its weight that a word which was not read adds to a memory of average length that contains it twice.
  -- Most add less.
  likely constant float8 := 0.69;

  configs regconfig[];
  filtered boolean := selected is not null or filter is not null and filter <> '{}';
  texts text[] := json_texts(search -> 'all');
  prefixes text[] := json_texts(search -> 'prefixes');
  wanted text[] := case when search is not null then needles(texts, prefixes) end;
  hints text[] := case when search is not null then longest_runs(wanted) end;

  -- The words of the query, rarest first: how the index contains them, in how many memories they occur.
  lexemes text[];
  shares float8[];
  parts text[];
  index_words tsquery[];
  frequencies int[];
  known int;

  -- The rounds: words[:used] are read in this one, words[:scored] were read before.
  used int := 1;
  scored int := 0;
  candidates float8;
  rest float8;
  too_many boolean;
  matching tsquery;
  index_matching tsquery;
  met tsquery;
  strong int;
  weak float8;
  few int := 10 * how_many;
  alone boolean := false;

  source text;
  newest text;
  exact_query tsquery;
  met_ids text[];
  renewed text;
begin
  if not target = any(readable_namespaces()) then return; end if;
  configs := configurations_of(target);
  lexemes := lexemes_of(query_text, configs);
  select after_id into renewed from old_words where namespace_id = target;
  if found then   -- some memories are not indexed again yet (upkeep.sql): they lack the words that only 0026 makes
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

  with asked as materialized (
    select
      lexeme collate "C" as lexeme,
      lexeme_query(lexeme)::tsquery as word,
      lexeme_query(namespaced_lexeme(target, lexeme))::tsquery as index_word,
      coalesce(share, 1) as share,
      part
    from rows from (unnest(lexemes), unnest(shares), unnest(parts)) as given(lexeme, share, part)
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
  changed as materialized (   -- looking into each change for each of many words would cost their product
    select term collate "C" as term, sum(sign) as documents
    from change, unnest(tsvector_to_array(words)) term
    where cardinality(lexemes) > 32
    group by 1
  ),
  counted as materialized (   -- materialized: otherwise the planner counts again wherever df is used
    select
      word,
      index_word,
      share,
      part,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
        + coalesce(
          case
            when cardinality(lexemes) > 32 then changed.documents
            else (select sum(sign) from change where words @@ word)
          end, 0) as df
    from asked
    left join changed on term = lexeme
  ),
  weighed as (
    select
      word,
      index_word,
      df,
      part,
      share,
      ln(1 + (total.documents - df + 0.5::float8) / (df + 0.5::float8)) * 1.9 as weight
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
  known := cardinality(words);
  if known > 16 then   -- a pasted text: its rarest words distinguish it
    words := words[:16];
    weights := weights[:16];
    known := 16;
    bm25_max := (select sum(weight) from unnest(weights) weight);
  end if;

  -- Where a filtered round reads from: `source` by the index of words, `newest` by id. Their parameters: $4 selected,
  -- $7 matching, $10 index_matching or exact_query, $11 filter.
  -- The words of the index belong to one namespace already; "namespace_id + 0" makes sure of it, and keeps the
  -- planner from reading the whole namespace by the primary key.
  if selected is not null then
    source := format(
      'select w.id, w.ts, w.dl from unnest($4) s(id)'
        ' cross join lateral (select * from memory_words w where w.namespace_id = %s and w.id = s.id offset 0) w'
        ' where (w.expires_at is null or w.expires_at > now()) and w.ts @@ $7',
      target);
  elsif filtered then
    source := format(
      'select w.id, w.ts, w.dl from (select * from memory_words w'
        ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %1$s offset 0) w'
        ' join memories m on m.namespace_id = %1$s and m.id = w.id where %2$s',
      target, filter_condition(filter, '$11'));
    newest := format(
      'select w.id, w.ts, w.dl from memory_words w'
        ' join memories m on m.namespace_id = w.namespace_id and m.id = w.id'
        ' where w.namespace_id = %s and %s and w.ts @@ $7',
      target, filter_condition(filter, '$11'));
  else
    source := format(
      'select w.id, w.ts, w.dl from memory_words w'
        ' where namespaced_lexemes(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %s'
        ' and (w.expires_at is null or w.expires_at > now())',
      target);
  end if;

  if known is null and coalesce(wanted, '{}') = '{}' then
    -- There is no word to look up. A search by tags alone returns the newest memories that have them.
    if cardinality(texts) = 0 and cardinality(prefixes) = 0 and filtered then
      execute format(
        'select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s'
          ' order by m.id desc limit $1) newest',
        target,
        case when selected is not null then 'm.id = any($2)' else filter_condition(filter, '$3') end)
      into exact_ids
      using how_many, selected, filter;
      ids := exact_ids;
      scores := array_fill(1::float8, array[coalesce(cardinality(ids), 0)]);
      bm25_max := 1;
    end if;
    return;
  end if;

  -- The strong words weigh at least a quarter of the heaviest: one of them alone tells little less than with a weak
  -- one.
  strong := (select count(*) from unnest(weights) weight where weight >= 0.25 * weights[1]);
  -- The first round reads as many words as will probably be needed, since every round has its cost; a common word is
  -- never read just for that.
  candidates := frequencies[1];
  while used < known loop
    rest := likely * (select sum(weight) from unnest(weights[used + 1:]) weight);
    exit when selected is null and (
      candidates + frequencies[used + 1] > budget
      or candidates >= how_many and rest <= likely * weights[1]);
    used := used + 1;
    candidates := candidates + frequencies[used];
  end loop;
  while known is not null loop
    -- Only what the words of this round add: the memories of earlier rounds have their whole score already.
    if alone then
      select
        string_agg(format('%s & !(%s)', words[i], others), ' | ')::tsquery,
        string_agg(format('%s & !(%s)', index_words[i], index_others), ' | ')::tsquery
      into matching, index_matching
      from generate_series(1, used) i
      cross join lateral (
        select
          string_agg(words[j]::text, ' | ') as others,
          string_agg(index_words[j]::text, ' | ') as index_others
        from generate_series(1, strong) j
        where j <> i
      ) other
      where frequencies[i] > few and likely * (weights[i] + weak) > coalesce(scores[how_many], 0);
      met := null;
    else
      matching := (select string_agg(word::text, ' | ')::tsquery from unnest(words[scored + 1:used]) word);
      index_matching := (
        select string_agg(
          case
            when frequencies[i] <= few or strong = 1 then index_words[i]::text
            else format('%s & (%s)', index_words[i], partners)
          end,
          ' | ')::tsquery
        from generate_series(scored + 1, used) i
        cross join lateral (
          select string_agg(index_words[j]::text, ' | ') as partners
          from generate_series(scored + 1, strong) j
          where j <> i
        ) p
        where frequencies[i] <= few or strong = 1 or partners is not null);
      met := (select string_agg(word::text, ' | ')::tsquery from unnest(words[:scored]) word);
    end if;
    too_many := candidates > sqrt(budget * documents) and selected is null;
    -- The estimate discards most memories; the best get the exact score.
    if filtered then
      execute format(
        'select array_agg(id), array_agg(score) from (select * from ('
          'select w.id, bm25(w.ts, 0.54::float8 + $9 * w.dl, $5, $6) as score'
          ' from (select w.* from (%s%s) w'
          ' order by bm25_estimate(w.ts, $5, $6) / (1.54::float8 + $9 * w.dl) desc limit 2 * $1) w'
          ' union all select * from unnest($2, $3)) found order by 2 desc, 1 limit $1) best',
        case when too_many then newest else source end,
        concat(
          case when scored > 0 then ' and not w.ts @@ $8' end,
          case when too_many then format(' order by w.id desc limit %s', budget) end))
      into ids, scores
      using how_many, ids, scores, selected, words, weights, matching, met, per_position, index_matching, filter;
    elsif too_many then
      -- Reading back from the newest id finds `budget` matches after budget * documents / candidates rows, before GIN
      -- would have gathered all of them.
      select array_agg(id), array_agg(score) into ids, scores
      from (
        select *
        from (
          select w.id, bm25(w.ts, 0.54::float8 + per_position * w.dl, words, weights) as score
          from (
            select *
            from (
              select w.id, w.ts, w.dl
              from memory_words w
              where w.namespace_id = target
                and w.ts @@ matching
                and (met is null or not w.ts @@ met)
                and (w.expires_at is null or w.expires_at > now())
              order by w.id desc
              limit budget
            ) w
            order by bm25_estimate(w.ts, words, weights) / (1.54::float8 + per_position * w.dl) desc
            limit 2 * how_many
          ) w
          union all
          select * from unnest(ids, scores)
        ) found
        order by 2 desc, 1
        limit how_many
      ) best;
    else
      select array_agg(id), array_agg(score) into ids, scores
      from (
        select *
        from (
          select w.id, bm25(w.ts, 0.54::float8 + per_position * w.dl, words, weights) as score
          from (
            select w.id, w.ts, w.dl
            from memory_words w
            where namespaced_lexemes(w.namespace_id, w.ts) @@ index_matching
              and w.namespace_id + 0 = target
              and (met is null or not w.ts @@ met)
              and (w.expires_at is null or w.expires_at > now())
            order by bm25_estimate(w.ts, words, weights) / (1.54::float8 + per_position * w.dl) desc
            limit 2 * how_many
          ) w
          union all
          select * from unnest(ids, scores)
        ) found
        order by 2 desc, 1
        limit how_many
      ) best;
    end if;
    exit when alone or too_many;
    scored := used;
    rest := likely * coalesce((select sum(weight) from unnest(weights[used + 1:]) weight), 0);
    if used = known
      or cardinality(ids) >= how_many and scores[how_many] >= rest
      or candidates + frequencies[used + 1] > budget and 3 * cardinality(ids) >= how_many
    then
      weak := (select coalesce(sum(weight), 0) from unnest(weights[strong + 1:]) weight);
      candidates := (
        select sum(frequency)
        from unnest(frequencies[:used], weights[:used]) f(frequency, weight)
        where frequency > few and likely * (weight + weak) > coalesce(scores[how_many], 0));
      exit when strong = 1 or candidates is null or selected is not null;
      alone := true;
    else
      used := used + 1;
      candidates := candidates + frequencies[used];
    end if;
  end loop;

  if wanted <> '{}' then
    -- The memories that contain every word, phrase and beginning literally: of those that the index lets through, the
    -- best first, until there are enough.
    exact_query := namespaced_query(target, texts, prefixes, ' & ', configs);
    if selected is not null then
      source := format(
        'select w.id, w.ts, w.dl from unnest($4) s(id)'
          ' cross join lateral (select * from memory_words w where w.namespace_id = %s and w.id = s.id offset 0) w'
          ' where (w.expires_at is null or w.expires_at > now())',
        target);
    elsif exact_query is null then
      source := format(
        'select w.id, w.ts, w.dl from memory_words w'
          ' join memories m on m.namespace_id = w.namespace_id and m.id = w.id'
          ' where w.namespace_id = %s and %s',
        target, filter_condition(filter, '$11'));
    end if;
    execute format(
      'select array_agg(w.id order by bm25(w.ts, 0.54::float8 + $9 * w.dl, $5, $6) desc nulls last, w.id desc)'
        ' from (%s limit $8) w',
      source)
    into met_ids
    using how_many, null, null, selected, words, weights, null, case when selected is null then budget end,
      per_position, exact_query, filter;
    exact_ids := literal_hits(
      target,
      coalesce(ids, '{}') || array(select id from unnest(met_ids) id where id <> all(coalesce(ids, '{}'))),
      wanted,
      hints,
      how_many);
    -- There are more matches than the budget: look at all the others.
    if cardinality(exact_ids) < how_many and selected is null and cardinality(met_ids) = budget then
      execute format('select array_agg(w.id) from (%s) w', source)
      into met_ids
      using null, null, null, null, null, null, null, null, null, exact_query, filter;
      exact_ids := exact_ids || literal_hits(
        target,
        array(select unnest(met_ids) except select unnest(exact_ids)),
        wanted,
        hints,
        how_many - cardinality(exact_ids));
    end if;
    -- Some memories are not indexed again yet, so the index does not know what they contain.
    if cardinality(exact_ids) < how_many and selected is null and renewed is not null then
      execute format(
        'select array_agg(m.id) from memories m where m.namespace_id = %s and m.id > $2 and %s',
        target, filter_condition(filter, '$1'))
      into met_ids
      using filter, renewed;
      exact_ids := exact_ids || literal_hits(
        target,
        array(select unnest(met_ids) except select unnest(exact_ids)),
        wanted,
        hints,
        how_many - cardinality(exact_ids));
    end if;
    ids := coalesce(ids, '{}') || array(select id from unnest(exact_ids) id where id <> all(coalesce(ids, '{}')));
  end if;
end $$;
revoke all on function lexical_search from public;
grant execute on function lexical_search to dakera_app;

reset role;

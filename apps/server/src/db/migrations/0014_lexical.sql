-- In place of 0006, of which 0001 speaks. The words' half of recall. lexical_search, selected_memories and other_words alone look at memories without the caller's policy: see their comments.
--
--   score = relevance * (1 + a * (2 * importance - 1) + b * recency) / (1 + a + b)                       always in [0, 1]
--   own   = (1 - w) * bm25(m, q) / bm25_max(q)  +  w * max(0, cosine(m, q))                              absolute, no ranks
--   lent  = own + c * context * (1 - own)      context: what the best of the two memories before and after it in its session scores on its own
--   named = lent + d * lent * (1 - lent)       if it begins with a name and a colon, and the query has that name; else lent
--   relevance = named * (1 - e)                if it ends with a question mark: it asks and does not answer; else named
--   w vector 0.35 · a importance 0.1 · b recency 0.05 · recency = 0.5 ^ (age / half_life_days), 30 days
--   c context 0.55, and 0 for memories without a session or when one arm alone is asked · d speaker 0.5 · e question 0.1
-- Each arm proposes 3k candidates, at least 25; every candidate is scored on BOTH sides, and so are the memories right before and after
-- the best 20 in their sessions. With the defaults importance and recency together
-- can lift a memory over another only if that one's relevance is less than (1 + a + b) / (1 - a) = 1.28 times as high.
--
-- BM25: k1 0.9, b 0.4 (docs/decisions/0019), idf = ln(1 + (N - df + 0.5) / (df + 0.5)), any word may match (OR). bm25_max = sum of idf * 1.9
-- over the query's words that occur in the namespace. Every literal is ::float8: numeric arithmetic doubles the time.
-- What runs for every call is static, as its plan is kept for the session; only a filter needs a statement made of text.

grant create on schema public to dakera_search;   -- until the end of this file

-- ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
set role dakera_owner;

/* A lexeme as the text of a one-word tsquery. quote_literal would be wrong for backslashes. */
create or replace function lexeme_query(lexeme text) returns text language sql immutable parallel safe as $$
  select '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' $$;

/* What one word of weight adds to a memory: weight * tf / (tf + length_part), where length_part is 0.54 + 0.36 * dl / average length.
   With all weights 1, ts_rank of one word is the sum of 1/i^2 up to its frequency tf, over 1.64493406685; the remainder of that series
   is 1/(tf + 1/2) to within the rounding, which gives tf back without unnesting (exact for 1..255, all that a tsvector keeps).
   Each argument stands once, so that Postgres puts the body in place of the call. */
create or replace function word_score(ts tsvector, length_part float8, word tsquery, weight float8) returns float8 language sql immutable parallel safe as $$
  select weight * (1::float8 - 1::float8 / (1::float8 + round(1::float8 / (1.6449340668482264::float8
    - ts_rank('{1,1,1,1}', ts, word)::float8 * 1.64493406685::float8) - 0.5::float8) / length_part)) $$;

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

/* BM25 of all the words. */
create or replace function words_score(ts tsvector, length_part float8, words tsquery[], weights float8[]) returns float8
language plpgsql immutable strict parallel safe as $$
declare score float8 := 0;
begin
  for i in 1..cardinality(words) loop score := score + word_score(ts, length_part, words[i], weights[i]); end loop;
  return score;
end $$;

/* SQL text of the caller's filter over memories m; only predicates that are present appear, every value through quote_literal.
   The metadata filter arrives compiled: {"path": <jsonpath>, "vars": {...}, "equal": pairs of which one must be contained, for the index} (resources/memories/jsonpath.ts). A jsonpath is a pure function of the row's
   metadata, values travel in vars; even a hostile path can only answer yes or no about rows its caller may read. */
create or replace function filter_condition(filter jsonb) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare f record; condition text := '(m.expires_at is null or m.expires_at > now())';
begin
  if filter is null or filter = '{}' then return condition; end if;
  select * into f from jsonb_to_record(filter) as t(min_importance real, max_importance real, memory_type text, tags text[], tags_any text[],
    tags_none text[], author text, exclude_author text, session_id text, since timestamptz, until timestamptz, metadata jsonb, ids text[], words_none text);
  return concat_ws(' and ', condition,   -- concat_ws leaves out nulls, and || with a null is null
    'm.importance >= ' || quote_literal(f.min_importance),   'm.importance <= ' || quote_literal(f.max_importance),
    'm.memory_type = ' || quote_literal(f.memory_type),      'm.session_id = ' || quote_literal(f.session_id),
    'm.tags @> ' || quote_literal(f.tags),                   'm.tags && ' || quote_literal(nullif(f.tags_any, '{}')),
    'not m.tags && ' || quote_literal(f.tags_none),
    (select string_agg(format('(m.metadata @> %L or m.metadata @> %L)', pair ->> 0, pair ->> 1), ' and ') from jsonb_array_elements(f.metadata -> 'equal') pair),
    'm.author = ' || quote_literal(f.author),                'm.id = any(' || quote_literal(f.ids) || ')',
    'm.author is distinct from ' || quote_literal(case when f.exclude_author = 'self' then caller_name() else f.exclude_author end),
    'm.created_at >= ' || quote_literal(f.since),            'm.created_at < ' || quote_literal(f.until),
    'jsonb_path_match(m.metadata, ' || quote_literal(f.metadata ->> 'path') || ', ' || quote_literal(coalesce(f.metadata ->> 'vars', '{}')) || ', true)',
    'not exists (select from memory_words x where x.namespace_id = m.namespace_id and x.id = m.id and x.ts @@ ' || quote_literal(f.words_none) || '::tsquery)');
end $$;


/* The text search configurations of a namespace: its own, or with 'auto' those that were detected in its memories so far. */
create or replace function configurations_of(target int) returns regconfig[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare config text := (select text_config from namespaces where id = target);
begin
  if config <> 'auto' then return array[config::regconfig]; end if;
  return array(select language::regconfig from namespace_languages where namespace_id = target);
end $$;

create or replace function lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  if cardinality(configs) = 1 then return tsvector_to_array(to_tsvector(configs[1], asked)); end if;
  return array(select distinct lexeme from unnest(configs) config, unnest(tsvector_to_array(to_tsvector(config, asked))) lexeme);
end $$;

/* A tsquery of texts and of beginnings of words, joined by & or |; in any of the configurations. Null when it asks for nothing. */
create or replace function words_query(texts text[], prefixes text[], operator text, configs regconfig[]) returns tsquery
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare whole tsquery; config regconfig; part text;
begin
  foreach config in array configs loop
    part := (
      select string_agg('(' || query::text || ')', operator) from (
        select phraseto_tsquery(config, segment_cjk(wanted, true)) as query from unnest(texts) wanted
        union all
        select to_tsquery(config, lexeme_query(prefix) || ':*') from unnest(prefixes) prefix) queries
      where numnode(query) > 0);
    whole := coalesce(whole || part::tsquery, whole, part::tsquery);
  end loop;
  return whole;
end $$;

/* What the index needs to know of words_query: every word and beginning, in any order. */
create or replace function own_words_query(target int, texts text[], prefixes text[], configs regconfig[]) returns tsquery
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare whole tsquery; config regconfig; part tsquery;
begin
  foreach config in array configs loop
    part := (
      select string_agg(lexeme_query(own_word(target, lexeme)) || mark, ' & ') from (
        select lexeme, '' as mark from unnest(texts) wanted, unnest(tsvector_to_array(to_tsvector(config, segment_cjk(wanted, true)))) lexeme
        union all
        select lexeme, ':*' from unnest(prefixes) prefix, unnest(tsvector_to_array(to_tsvector(config, prefix))) lexeme) asked);
    whole := coalesce(whole || part, whole, part);
  end loop;
  return whole;
end $$;

revoke all on function lexeme_query(text), word_score(tsvector, float8, tsquery, float8), rough_score(tsvector, tsquery[], float8[]), words_score(tsvector, float8, tsquery[], float8[]), filter_condition(jsonb),
  configurations_of(int), lexemes_of(text, regconfig[]), words_query(text[], text[], text, regconfig[]), own_words_query(int, text[], text[], regconfig[]) from public;
grant execute on function lexeme_query(text), word_score(tsvector, float8, tsquery, float8), rough_score(tsvector, tsquery[], float8[]), words_score(tsvector, float8, tsquery[], float8[]), filter_condition(jsonb),
  configurations_of(int), lexemes_of(text, regconfig[]), words_query(text[], text[], text, regconfig[]), own_words_query(int, text[], text[], regconfig[]) to dakera_app, dakera_search;
grant execute on function caller_name() to dakera_search;

-- ── The lexical arm ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
set role dakera_search;
drop function if exists lexical_search(int, text, jsonb, text[], int, jsonb, int);   -- what it gives out has changed

/* The memories that pass a filter, when an index finds them and there are at most `most`; else null. Both arms then look at these alone.
   SECURITY DEFINER for the same reason as lexical_search, and with the same care: GIN serves neither @> nor && under a real policy. */
create or replace function selected_memories(target int, filter jsonb, most int) returns text[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare selected text[];
begin
  if not target = any(readable_namespaces()) then return null; end if;
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then return null; end if;
  execute format('select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found', target, filter_condition(filter), most + 1)
  into selected;
  if cardinality(selected) > most then return null; end if;
  return coalesce(selected, '{}');
end $$;

/* Words to look for beside those asked for: of each beginning the words that have it, and for a word that no memory holds those that look alike.
   share: how much of the word's own weight it counts. part: which word of the query it stands for. */
create or replace function other_words(target int, lexemes text[], prefixes text[], with_typos boolean) returns table (lexeme text, share float8, part text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not target = any(readable_namespaces()) then return; end if;
  return query
  with fresh as materialized (select distinct word collate "C" as word from statistics_deltas d, unnest(tsvector_to_array(d.words)) word where d.namespace_id = target),
  unknown as (
    select l as word from unnest(lexemes) l
    where with_typos and l ~ '^[[:alpha:]]{4,}$'   -- a number or an identifier is meant as it is
      and not exists (select from term_statistics t where t.namespace_id = target and t.term = l collate "C") and not exists (select from fresh f where f.word = l collate "C")),
  known as (
    select t.term as word from term_statistics t where t.namespace_id = target and exists (select from unknown)
    union select word from fresh where exists (select from unknown))
  select near.word, near.share::float8, u.word from unknown u cross join lateral (
    select k.word, similarity(k.word, u.word) as share from known k
    where length(k.word) between length(u.word) - 2 and length(u.word) + 2 and similarity(k.word, u.word) >= 0.3
    order by 2 desc, 1 limit 3) near
  union all
  select begun.word, 1, p from unnest(prefixes) p cross join lateral (
    (select t.term as word from term_statistics t where t.namespace_id = target and t.term >= p collate "C" and t.term < (p || chr(1114111)) collate "C" limit 16)
    union (select f.word from fresh f where starts_with(f.word, p) limit 16)) begun;
end $$;

/* What the query weighs here, and its best memories by BM25. SECURITY DEFINER, because @@ is not leakproof and GIN is never used
   for it under a real policy; so it checks the grant itself, takes data and never SQL, and returns ids and scores and no text.
   MaxScore: memories with the rarest words first, until the how_many-th score beats what the words left out would likely add. Of a word that
   more than `few` memories hold, first those that hold another strong word too; those that hold it alone come last, if one of them could still be
   among the best (docs/decisions/0020). Past budget candidates it stops and is approximate. A query of very common words only looks at the newest budget matches.
   search: {"all": [], "prefixes": [], "typos": true}, or null for recall. selected: only these memories; null: all that pass the filter. */
create or replace function lexical_search(target int, query_text text, filter jsonb, selected text[], how_many int, search jsonb, budget int,
  out documents float8, out words tsquery[], out weights float8[], out bm25_max float8, out per_position float8, out ids text[], out scores float8[], out exact_ids text[])
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set max_parallel_workers_per_gather = 0 as $$
#variable_conflict use_column
declare
  configs regconfig[]; asked_text text := segment_cjk(query_text, true); lexemes text[]; shares float8[]; parts text[]; own_words tsquery[]; frequencies int[];
  known int; used int := 1; scored int := 0; candidates float8; rest float8; too_many boolean; matching tsquery; own_matching tsquery; met tsquery;
  strong int; weak float8; few int := 10 * how_many; alone boolean := false; texts text[]; prefixes text[]; wanted tsquery; source text; newest text;
  filtered boolean := selected is not null or filter is not null and filter <> '{}';
  -- What a word left out adds to a memory of average length in which it stands twice, of its weight; most add less.
  likely constant float8 := 0.69;
begin
  if not target = any(readable_namespaces()) then return; end if;
  configs := configurations_of(target);
  lexemes := lexemes_of(asked_text, configs);
  parts := lexemes;
  if search is not null then
    select lexemes || array_agg(lexeme), array_fill(1::float8, array[cardinality(lexemes)]) || array_agg(share), lexemes || array_agg(part) into lexemes, shares, parts
    from other_words(target, lexemes, lexemes_of(array_to_string(array(select jsonb_array_elements_text(search -> 'prefixes')), ' '), configs), (search -> 'typos')::boolean);
  end if;

  with asked as materialized (
    select lexeme collate "C" as lexeme, lexeme_query(lexeme)::tsquery as word, lexeme_query(own_word(target, lexeme))::tsquery as own, coalesce(share, 1) as share, part
    from rows from (unnest(lexemes), unnest(shares), unnest(parts)) as given(lexeme, share, part)),
  change as materialized (   -- not merged yet; or expired and not swept yet
    select sign, positions, words from statistics_deltas where namespace_id = target
    union all
    select -1, dl, ts from memory_words where namespace_id = target and expires_at <= now()),
  total as (
    select coalesce(sum(documents), 0)::float8 as documents, coalesce(sum(positions), 0)::float8 as positions
    from (select documents, positions from namespace_statistics where namespace_id = target
          union all select sign, sign * positions from change) parts),
  counted as materialized (   -- materialized: without it the planner counts again wherever df is used
    select word, own, share, part,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
      + coalesce((select sum(sign) from change where words @@ word), 0) as df
    from asked),
  weighed as (
    select word, own, df, part, share, ln(1 + (total.documents - df + 0.5::float8) / (df + 0.5::float8)) * 1.9 as weight from counted, total where df > 0)
  select (select documents from total), (select 0.36::float8 / greatest(1, positions / documents) from total where documents > 0),
    array_agg(word order by df, word::text), array_agg(own order by df, word::text), array_agg(weight * share order by df, word::text), array_agg(df::int order by df, word::text),
    (select sum(most) from (select max(weight) as most from weighed group by part) p)
  into documents, per_position, words, own_words, weights, frequencies, bm25_max from weighed;
  known := cardinality(words);
  if known > 16 then   -- a pasted text: its rarest words tell it from others
    words := words[:16]; weights := weights[:16]; known := 16;
    bm25_max := (select sum(weight) from unnest(weights) weight);
  end if;

  -- Where a filtered round reads from: $4 the selected, $7 what to look for, $10 the same as the index knows it. newest: by id, and not by the index.
  -- The index's words belong to one namespace already; "namespace_id + 0" makes sure, and keeps the planner from fetching all of it by the primary key.
  if selected is not null then
    source := format('select w.id, w.ts, w.dl from unnest($4) s(id) cross join lateral (select * from memory_words w where w.namespace_id = %s and w.id = s.id offset 0) w where (w.expires_at is null or w.expires_at > now()) and w.ts @@ $7', target);
  elsif filtered then
    source := format('select w.id, w.ts, w.dl from (select * from memory_words w where own_words(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %1$s offset 0) w join memories m on m.namespace_id = %1$s and m.id = w.id where %2$s', target, filter_condition(filter));
    newest := format('select w.id, w.ts, w.dl from memory_words w join memories m on m.namespace_id = w.namespace_id and m.id = w.id where w.namespace_id = %s and %s and w.ts @@ $7', target, filter_condition(filter));
  else
    source := format('select w.id, w.ts, w.dl from memory_words w where own_words(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %s and (w.expires_at is null or w.expires_at > now())', target);
  end if;

  if known is null then
    -- No word to look for. A search by tags alone gives what has them, newest first.
    if jsonb_array_length(search -> 'all') = 0 and jsonb_array_length(search -> 'prefixes') = 0 and filtered then
      execute format('select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s order by m.id desc limit $1) newest', target,
        case when selected is not null then 'm.id = any($2)' else filter_condition(filter) end) into exact_ids using how_many, selected;
      ids := exact_ids;
      scores := array_fill(1::float8, array[coalesce(cardinality(ids), 0)]);
      bm25_max := 1;
    end if;
    return;
  end if;

  -- The words that weigh a quarter of the heaviest: one of them alone tells little less than with a weak one.
  strong := (select count(*) from unnest(weights) weight where weight >= 0.25 * weights[1]);
  -- Start with as many words as it will likely take, as every round has its price; a common one is never pulled in for that.
  candidates := frequencies[1];
  while used < known loop
    rest := likely * (select sum(weight) from unnest(weights[used + 1:]) weight);
    exit when selected is null and (candidates + frequencies[used + 1] > budget or candidates >= how_many and rest <= likely * weights[1]);
    used := used + 1;
    candidates := candidates + frequencies[used];
  end loop;
  loop
    -- Only what the words of this round bring in: what earlier rounds met has its whole score already.
    if alone then
      select string_agg(format('%s & !(%s)', words[i], others), ' | ')::tsquery, string_agg(format('%s & !(%s)', own_words[i], own_others), ' | ')::tsquery
      into matching, own_matching from generate_series(1, used) i
      cross join lateral (
        select string_agg(words[j]::text, ' | ') as others, string_agg(own_words[j]::text, ' | ') as own_others from generate_series(1, strong) j where j <> i) other
      where frequencies[i] > few and likely * (weights[i] + weak) > coalesce(scores[how_many], 0);
      met := null;
    else
      matching := (select string_agg(word::text, ' | ')::tsquery from unnest(words[scored + 1:used]) word);
      own_matching := (
        select string_agg(case when frequencies[i] <= few or strong = 1 then own_words[i]::text else format('%s & (%s)', own_words[i], partners) end, ' | ')::tsquery
        from generate_series(scored + 1, used) i
        cross join lateral (select string_agg(own_words[j]::text, ' | ') as partners from generate_series(scored + 1, strong) j where j <> i) p
        where frequencies[i] <= few or strong = 1 or partners is not null);
      met := (select string_agg(word::text, ' | ')::tsquery from unnest(words[:scored]) word);
    end if;
    too_many := candidates > sqrt(budget * documents) and selected is null;
    -- Most are sorted out by the rough score; the best get the exact one.
    if filtered then
      execute format('select array_agg(id), array_agg(score) from (select * from (select w.id, words_score(w.ts, 0.54::float8 + $9 * w.dl, $5, $6) as score'
        ' from (select w.* from (%s%s) w order by rough_score(w.ts, $5, $6) / (1.54::float8 + $9 * w.dl) desc limit 2 * $1) w'
        ' union all select * from unnest($2, $3)) found order by 2 desc, 1 limit $1) best', case when too_many then newest else source end,
        concat(case when scored > 0 then ' and not w.ts @@ $8' end, case when too_many then format(' order by w.id desc limit %s', budget) end))
      into ids, scores using how_many, ids, scores, selected, words, weights, matching, met, per_position, own_matching;
    elsif too_many then
      -- Reading back from the newest ids meets budget matches (after budget * documents / candidates rows) before GIN gathers them all.
      select array_agg(id), array_agg(score) into ids, scores from (
        select * from (
          select w.id, words_score(w.ts, 0.54::float8 + per_position * w.dl, words, weights) as score from (
            select * from (
              select w.id, w.ts, w.dl from memory_words w
              where w.namespace_id = target and w.ts @@ matching and (met is null or not w.ts @@ met) and (w.expires_at is null or w.expires_at > now())
              order by w.id desc limit budget) w
            order by rough_score(w.ts, words, weights) / (1.54::float8 + per_position * w.dl) desc limit 2 * how_many) w
          union all select * from unnest(ids, scores)) found
        order by 2 desc, 1 limit how_many) best;
    else
      select array_agg(id), array_agg(score) into ids, scores from (
        select * from (
          select w.id, words_score(w.ts, 0.54::float8 + per_position * w.dl, words, weights) as score from (
            select w.id, w.ts, w.dl from memory_words w
            where own_words(w.namespace_id, w.ts) @@ own_matching and w.namespace_id + 0 = target and (met is null or not w.ts @@ met) and (w.expires_at is null or w.expires_at > now())
            order by rough_score(w.ts, words, weights) / (1.54::float8 + per_position * w.dl) desc limit 2 * how_many) w
          union all select * from unnest(ids, scores)) found
        order by 2 desc, 1 limit how_many) best;
    end if;
    exit when alone or too_many;
    scored := used;
    rest := likely * coalesce((select sum(weight) from unnest(weights[used + 1:]) weight), 0);
    if used = known or cardinality(ids) >= how_many and scores[how_many] >= rest or candidates + frequencies[used + 1] > budget and 3 * cardinality(ids) >= how_many then
      weak := (select coalesce(sum(weight), 0) from unnest(weights[strong + 1:]) weight);
      candidates := (select sum(frequency) from unnest(frequencies[:used], weights[:used]) f(frequency, weight)
        where frequency > few and likely * (weight + weak) > coalesce(scores[how_many], 0));
      exit when strong = 1 or candidates is null or selected is not null;
      alone := true;
    else
      used := used + 1;
      candidates := candidates + frequencies[used];
    end if;
  end loop;

  if search is not null then   -- every word, phrase and beginning
    texts := array(select jsonb_array_elements_text(search -> 'all'));
    prefixes := array(select jsonb_array_elements_text(search -> 'prefixes'));
    wanted := words_query(texts, prefixes, ' & ', configs);
    execute format('select array_agg(id) from (select w.id from (%s and w.ts @@ $7 limit $8) w order by words_score(w.ts, 0.54::float8 + $9 * w.dl, $5, $6) desc, w.id limit $1) best', source)
    into exact_ids using how_many, null, null, selected, words, weights, wanted, budget, per_position, own_words_query(target, texts, prefixes, configs);
    ids := coalesce(ids, '{}') || array(select id from unnest(exact_ids) id where id <> all(coalesce(ids, '{}')));
  end if;
end $$;
revoke all on function selected_memories(int, jsonb, int), other_words(int, text[], text[], boolean), lexical_search(int, text, jsonb, text[], int, jsonb, int) from public;
grant execute on function selected_memories(int, jsonb, int), lexical_search(int, text, jsonb, text[], int, jsonb, int) to dakera_app;

reset role;
revoke create on schema public from dakera_search;   -- dakera_owner keeps it: the vector-index job needs it

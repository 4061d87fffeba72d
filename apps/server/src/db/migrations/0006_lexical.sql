-- The words' half of recall. lexical_search is the only function that looks at memories without the caller's policy: see its comment.
--
--   score = relevance * (1 + a * (2 * importance - 1) + b * recency) / (1 + a + b)                       always in [0, 1]
--   relevance = own + c * context * (1 - own)            context: what the best of the two memories before and after it in its session scores
--   own       = (1 - w) * bm25(m, q) / bm25_max(q)  +  w * max(0, cosine(m, q))                          absolute, no ranks
--   w vector 0.35 · a importance 0.1 · b recency 0.05 · recency = 0.5 ^ (age / half_life_days), 30 days
--   c context 0.35, and 0 for memories without a session or when one arm alone is asked
-- Each arm proposes 3k candidates, at least 25; every candidate is then scored on BOTH sides. With the defaults importance and recency together
-- can lift a memory over another only if that one's relevance is less than (1 + a + b) / (1 - a) = 1.28 times as high.
--
-- BM25: k1 1.2, b 0.75, idf = ln(1 + (N - df + 0.5) / (df + 0.5)), any word may match (OR). bm25_max = sum of idf * 2.2 over the
-- query's words that occur in the namespace. Every literal is ::float8: numeric arithmetic doubles the time.

-- ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
set role dakera_owner;

/* A lexeme as the text of a one-word tsquery. quote_literal would be wrong for backslashes. */
create function lexeme_query(lexeme text) returns text language sql immutable parallel safe as $$
  select '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' $$;

/* SQL text of BM25 over columns ts and dl. With all weights 1, ts_rank of one word is the sum of 1/i^2 up to its frequency tf,
   over 1.64493406685; the remainder of that series is 1/(tf + 1/2) to within the rounding, which gives tf back without unnesting
   (exact for 1..255, all that a tsvector keeps). tf / (tf + k) is written 1 - k / (k + tf), which is 0 for tf = 0. */
create function bm25_expression(alias text, queries text[], weights float8[], average_length float8) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare k text := format('(0.3::float8 + %s::float8 * %I.dl)', 0.9 / average_length, alias); expression text := '0::float8';
begin
  for i in 1..coalesce(cardinality(queries), 0) loop
    expression := expression || format(' + %s::float8 * (1::float8 - %s / (%2$s + round(1::float8 / (1.6449340668482264::float8'
      ' - ts_rank(''{1,1,1,1}'', %I.ts, %L::tsquery)::float8 * 1.64493406685::float8) - 0.5::float8)))', weights[i], k, alias, queries[i]);
  end loop;
  return expression;
end $$;

/* How often a word stands in ts, the same way. */
create function term_frequency(ts tsvector, term tsquery) returns float8 language sql immutable parallel safe as $$
  select round(1::float8 / (1.6449340668482264::float8 - ts_rank('{1,1,1,1}', ts, term)::float8 * 1.64493406685::float8) - 0.5::float8) $$;

/* SQL text of the caller's filter over memories m; only predicates that are present appear, every value through quote_literal.
   The metadata filter arrives compiled: {"path": <jsonpath>, "vars": {...}} (resources/memories/jsonpath.ts). A jsonpath is a pure function of the row's
   metadata, values travel in vars; even a hostile path can only answer yes or no about rows its caller may read. */
create function filter_condition(filter jsonb) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare f record; condition text := '(m.expires_at is null or m.expires_at > now())';
begin
  if filter is null or filter = '{}' then return condition; end if;
  select * into f from jsonb_to_record(filter) as t(min_importance real, max_importance real, memory_type text, tags text[], tags_any text[],
    author text, exclude_author text, session_id text, since timestamptz, until timestamptz, metadata jsonb, ids text[]);
  return concat_ws(' and ', condition,   -- concat_ws leaves out nulls, and || with a null is null
    'm.importance >= ' || quote_literal(f.min_importance),   'm.importance <= ' || quote_literal(f.max_importance),
    'm.memory_type = ' || quote_literal(f.memory_type),      'm.session_id = ' || quote_literal(f.session_id),
    'm.tags @> ' || quote_literal(f.tags),                   'm.tags && ' || quote_literal(nullif(f.tags_any, '{}')),
    'm.author = ' || quote_literal(f.author),                'm.id = any(' || quote_literal(f.ids) || ')',
    'm.author is distinct from ' || quote_literal(case when f.exclude_author = 'self' then caller_name() else f.exclude_author end),
    'm.created_at >= ' || quote_literal(f.since),            'm.created_at < ' || quote_literal(f.until),
    'jsonb_path_match(m.metadata, ' || quote_literal(f.metadata ->> 'path') || ', ' || quote_literal(coalesce(f.metadata ->> 'vars', '{}')) || ', true)');
end $$;

revoke all on function lexeme_query(text), term_frequency(tsvector, tsquery), bm25_expression(text, text[], float8[], float8), filter_condition(jsonb) from public;
grant execute on function lexeme_query(text), term_frequency(tsvector, tsquery), bm25_expression(text, text[], float8[], float8), filter_condition(jsonb) to dakera_app, dakera_search;
grant execute on function caller_name() to dakera_search;

-- ── The lexical arm ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
set role dakera_search;

/* What the query weighs here, and its best memories by BM25. SECURITY DEFINER, because @@ is not leakproof and GIN is never used
   for it under a real policy; so it checks the grant itself, takes data and never SQL, and returns ids and scores and no text.
   MaxScore: memories with the rarest words first, until the how_many-th score beats all that the words left out could add. Past
   budget candidates it stops and is approximate. A query of very common words only looks at the newest budget matches. */
create function lexical_search(target int, query_text text, filter jsonb, how_many int, exact text, budget int,
  out documents float8, out queries text[], out weights float8[], out average_length float8, out ids text[], out scores float8[], out exact_ids text[])
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  config regconfig; asked_text text := segment_cjk(query_text, true); frequencies int[];
  known int; used int := 1; scored int := 0; candidates float8; rest float8; too_many boolean; matching text;
  score text; source text; filtered boolean := filter is not null and filter <> '{}';
begin
  if not target = any(readable_namespaces()) then return; end if;
  config := (select text_config::regconfig from namespaces where namespaces.id = target);

  with asked as materialized (
    select lexeme collate "C" as lexeme, lexeme_query(lexeme) as query, lexeme_query(lexeme)::tsquery as word
    from unnest(to_tsvector(config, asked_text))),
  change as materialized (   -- not merged yet; or expired and not swept yet
    select sign, positions, words from statistics_deltas where namespace_id = target
    union all
    select -1, dl, ts from memory_words where namespace_id = target and expires_at <= now()),
  total as (
    select coalesce(sum(documents), 0)::float8 as documents, coalesce(sum(positions), 0)::float8 as positions
    from (select documents, positions from namespace_statistics where namespace_id = target
          union all select sign, sign * positions from change) parts),
  counted as materialized (   -- materialized: without it the planner counts again wherever df is used
    select query,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
      + coalesce((select sum(sign) from change where words @@ word), 0) as df
    from asked),
  weighed as (
    select query, df, ln(1 + (total.documents - df + 0.5::float8) / (df + 0.5::float8)) * 2.2 as weight from counted, total where df > 0)
  select (select documents from total), (select positions / documents from total where documents > 0),
    array_agg(query order by df, query), array_agg(weight order by df, query), array_agg(df::int order by df, query)
  into documents, average_length, queries, weights, frequencies from weighed;

  known := cardinality(queries);
  if known is null then return; end if;
  average_length := greatest(average_length, 1);
  score := bm25_expression('w', queries, weights, average_length);
  source := format('select w.id, w.ts, w.dl from memory_words w%s where w.namespace_id = %s and (w.expires_at is null or w.expires_at > now())%s',
    case when filtered then ' join memories m on m.namespace_id = w.namespace_id and m.id = w.id' end, target,
    case when filtered then ' and ' || filter_condition(filter) end);

  -- Start with as many words as it takes; a common one is never pulled in just to have enough candidates.
  candidates := frequencies[1];
  while used < known and candidates < how_many and candidates + frequencies[used + 1] <= budget loop
    used := used + 1;
    candidates := candidates + frequencies[used];
  end loop;
  loop
    -- Only what the words of this round bring in: what earlier rounds met has its whole score already.
    matching := format(' and w.ts @@ %L::tsquery', array_to_string(queries[scored + 1:used], ' | '))
      || case when scored > 0 then format(' and not w.ts @@ %L::tsquery', array_to_string(queries[:scored], ' | ')) else '' end;
    -- For common words reading back from the newest ids meets budget matches (after budget * documents / candidates rows) before GIN gathers them all.
    too_many := candidates > sqrt(budget * documents);
    if too_many then matching := matching || format(' order by w.id desc limit %s', budget); end if;
    execute format('select array_agg(id), array_agg(score) from (select * from (select w.id, %s as score from (%s%s) w union all select * from unnest($1, $2)) found'
      ' order by 2 desc, 1 limit %s) best', score, source, matching, how_many) into ids, scores using ids, scores;
    scored := used;
    exit when used = known or too_many;
    select sum(weight) into rest from unnest(weights[used + 1:]) weight;
    exit when cardinality(ids) >= how_many and scores[how_many] >= rest;
    exit when candidates + frequencies[used + 1] > budget and ids is not null;
    used := used + 1;
    candidates := candidates + frequencies[used];
  end loop;

  if exact is not null then   -- every word, and quoted phrases in order
    execute format('select array_agg(id) from (select w.id from (%s and w.ts @@ websearch_to_tsquery(%L::regconfig, %L) limit %s) w order by %s desc, w.id limit %s) best',
      source, config, asked_text, budget, score, how_many) into exact_ids;
    ids := coalesce(ids, '{}') || array(select id from unnest(exact_ids) id where id <> all(coalesce(ids, '{}')));
  end if;
end $$;
revoke all on function lexical_search(int, text, jsonb, int, text, int) from public;
grant execute on function lexical_search(int, text, jsonb, int, text, int) to dakera_app;

reset role;
revoke create on schema public from dakera_search;   -- dakera_owner keeps it: the vector-index job needs it

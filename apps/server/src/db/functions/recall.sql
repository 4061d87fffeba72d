-- Recall: scoring. lexical_search() (search.sql) and nearest_memories() propose candidates; recall() scores each of
-- them on both sides and returns the best.
--
--   score     = relevance * (1 + a * (2 * importance - 1) + b * recency) / (1 + a + b)         always in [0, 1]
--   own       = (1 - w) * bm25(m, q) / bm25_max(q) + w * max(0, cosine(m, q))                  absolute, without
-- ranks
--   lent      = own + c * context * (1 - own)
--   named     = lent + d * lent * (1 - lent)  if it begins with a name and a colon, and the query has that name; else
-- lent
--   relevance = named * (1 - e)               if it ends with a question mark: it asks and does not answer; else
-- named
--
--   w  vector      0.35     a  importance  0.1     b  recency  0.05     recency = 0.5 ^ (age / half_life_days), 30
-- days
--   c  context     0.55, and 0 for memories without a session, or if only one arm is asked
--      context is the best own score of the two memories before and the two after it in its session
--   d  speaker     0.5      e  question    0.1
--
-- Each arm proposes 3k candidates, at least 25. The memories right before and after the best 20 in their sessions are
-- scored too. With the defaults, importance and recency can lift a memory over another only if the other's relevance
-- is less than (1 + a + b) / (1 - a) = 1.28 times as high.
set role dakera_owner;

-- Returns the options of a recall: those of the request, else of its namespace, else the defaults that the server
-- sends with each call, which are DEFAULT_WEIGHTS of the protocol.
create or replace function recall_options(weights jsonb, options jsonb, k int) returns record
language plpgsql immutable
as $$
declare
  -- Servers of releases before 0028 send none, and may still run during an upgrade.
  defaults constant jsonb := '{"vector": 0.35, "importance": 0.1, "recency": 0.05, "half_life_days": 30,
    "context": 0.55, "speaker": 0.5, "question": 0.1}';
  o record;
begin
  select * into o
  from jsonb_to_record(defaults || coalesce(options -> 'defaults', '{}') || weights || coalesce(options, '{}')) as t(
    vector float8,
    importance float8,
    recency float8,
    half_life_days float8,
    context float8,
    speaker float8,
    question float8,
    min_score float8,
    explain boolean,
    highlight boolean,
    vectors boolean,
    search jsonb,
    pool int,
    budget int,
    supplied boolean,
    embedder text);
  o.vector := least(greatest(o.vector, 0), 1);
  o.importance := least(greatest(o.importance, 0), 1);
  o.recency := least(greatest(o.recency, 0), 1);
  o.half_life_days := greatest(o.half_life_days, 0.001);
  o.context := least(greatest(o.context, 0), 1);
  o.speaker := least(greatest(o.speaker, 0), 1);
  o.question := least(greatest(o.question, 0), 1);
  -- 50 candidates found nothing more among the first k: docs/decisions/0014.
  o.pool := least(greatest(coalesce(o.pool, greatest(25, 3 * k)), k), 1000);
  o.budget := coalesce(o.budget, 3000);
  o.supplied := coalesce(o.supplied, false);
  return o;
end $$;
revoke all on function recall_options from public;
grant execute on function recall_options to dakera_app;

-- Returns how the score of a hit of recall() came about.
create or replace function explain_score(hit record, o record, bm25_max float8) returns jsonb
language plpgsql stable
as $$
begin
  return jsonb_build_object(
    'relevance', hit.relevance,
    'own', hit.own,
    'context', jsonb_build_object('value', hit.context, 'weight', o.context),
    'speaker', jsonb_build_object('value', hit.said::int, 'weight', o.speaker),
    'question', jsonb_build_object('value', hit.asks::int, 'weight', o.question),
    'vector_weight', o.vector,
    'factor', hit.factor,
    'exact', hit.exact,
    'text', jsonb_build_object('rank', hit.text_rank, 'bm25', hit.bm25, 'bm25_max', bm25_max, 'score', hit.text_score),
    'vector', jsonb_build_object('rank', hit.vector_rank, 'cosine', hit.cosine, 'score', hit.vector_score),
    'importance', jsonb_build_object('value', hit.importance, 'weight', o.importance),
    'recency', jsonb_build_object('value', hit.recency, 'weight', o.recency, 'half_life_days', o.half_life_days));
end $$;
revoke all on function explain_score from public;
grant execute on function explain_score to dakera_app;

-- Returns the k best memories of one namespace for a text and its vector; for the text alone if query_vector is null.
-- Raises an API error without a grant. Every row passes the caller's own policy, whatever the arms proposed (security
-- invoker). options:
--   vector, importance, recency, half_life_days, context, speaker, question   the weights above
--   defaults     the same seven, of which namespaces.weights overrides those it has: DEFAULT_WEIGHTS of the protocol
--   min_score    leaves out lower scores
--   explain, highlight, vectors   return these columns too
--   pool         candidates of each arm
--   budget       memories that the lexical arm visits at most
--   embedder     the model of query_vector
--   supplied     query_vector is to be compared with the vectors of callers instead of the embedder's
--   search       {all, prefixes, none, none_prefixes, typos, only}: memories that contain every word, phrase and
-- beginning
--                of a word come first; if `only` is true, no others follow; memories that contain one of `none` never
-- do
create or replace function recall(
  key_hash bytea,
  namespace text,
  query_text text,
  query_vector halfvec,
  k int default 5,
  filter jsonb default null,
  options jsonb default null
) returns table (
  id text,
  content text,
  memory_type text,
  importance real,
  tags text[],
  metadata jsonb,
  session_id text,
  author text,
  valid_from timestamptz,
  created_at timestamptz,
  updated_at timestamptz,
  expires_at timestamptz,
  version int,
  access_count bigint,
  last_accessed_at timestamptz,
  exact boolean,
  score float8,
  text_score float8,
  vector_score float8,
  explain jsonb,
  highlights text[],
  vector halfvec
)
language plpgsql volatile
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  place namespaces;
  o record;
  w float8;
  condition text;
  lexical record;
  near_ids text[];
  exact_only boolean;
  uses_context boolean;
  names text[];
  none text[];
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);   -- first: the policies below depend on it
  place := resolve_namespace(namespace, 'read');
  if place.id is null then
    return;
  end if;

  o := recall_options(place.weights, options, k);
  w := o.vector;
  if o.embedder is not null then
    perform require_embedder(o.embedder, false);
  end if;
  if o.supplied and vector_dims(query_vector) <> place.dimension then
    perform raise_api_error(
      'DIMENSION_MISMATCH',
      format(
        'The embedding has %s numbers; the namespace "%s" declares %s.',
        vector_dims(query_vector), place.name, place.dimension),
      place.name);
  end if;
  exact_only := coalesce((o.search -> 'only')::boolean, false);

  if jsonb_array_length(o.search -> 'none') + jsonb_array_length(o.search -> 'none_prefixes') > 0 then
    none := needles(json_texts(o.search -> 'none'), json_texts(o.search -> 'none_prefixes'));
    if none <> '{}' then
      filter := coalesce(filter, '{}') || jsonb_strip_nulls(jsonb_build_object(
        'needles_none', none,
        'hints_none', longest_runs(none),
        'words_none', namespaced_query(
          null,
          json_texts(o.search -> 'none'),
          json_texts(o.search -> 'none_prefixes'),
          ' | ',
          configurations_of(place.id))::text));
    end if;
  end if;
  -- What follows here reads memories by this text. lexical_search() composes its own, since it takes no SQL, and asks
  -- for contents in another way.
  if filter <> '{}' then
    condition := filter_condition(filter, '$1');
  end if;
  lexical := lexical_search(
    place.id,
    case when w < 1 or o.search is not null then query_text else '' end,
    filter,
    o.pool,
    o.search,
    o.budget);
  if query_vector is not null and w > 0 and not exact_only then
    near_ids := nearest_memories(
      place.id, query_vector, o.supplied, condition, filter, lexical.selected, lexical.documents, o.pool);
  end if;

  uses_context := o.context > 0 and o.search is null;
  if o.speaker > 0 then
    names := array(   -- is_said_by() reads 48 letters, so a longer word is no name
      select name
      from regexp_split_to_table(lower(query_text), '\W+') name
      where length(name) <= 48
        and name ~ '^[[:alpha:]].'
        and to_tsvector(
          case place.text_config when 'auto' then 'english' else place.text_config end::regconfig,
          name) <> ''
      limit 32);
  end if;

  -- Static, so that it is planned once per session and not in every call. "offset 0" keeps each look-up one by all
  -- columns of its index: planned while a table is nearly empty, a join would read the whole namespace for every row,
  -- and the session would keep that plan while the table grows.
  return query
  with candidate as materialized (
    select t.id, min(t.text_rank) as text_rank, min(t.bm25) as bm25, min(t.vector_rank) as vector_rank
    from (
      select id, position as text_rank, bm25, null::bigint as vector_rank
      from rows from (unnest(lexical.ids), unnest(lexical.scores)) with ordinality as found(id, bm25, position)
      union all
      select id, null, null, position
      from unnest(near_ids) with ordinality as near(id, position)
    ) t
    group by t.id
  ),
  proposed as materialized (   -- both sides of every candidate, whichever arm proposed it
    select
      m.*,
      c.text_rank,
      c.vector_rank,
      coalesce(
        c.bm25,
        (
          select bm25(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
          from memory_words x
          where x.namespace_id = place.id and x.id = c.id
        ), 0) as bm25,
      coalesce(1 - (case when o.supplied then m.supplied_v else m.v end <=> query_vector), 0) as cosine
    from candidate c
    cross join lateral (select * from memories x where x.namespace_id = place.id and x.id = c.id offset 0) m
  ),
  beside as materialized (   -- the memories right before and after the best of them in a session
    select distinct on (n.id) n.*
    from (
      select p.session_id, p.session_position
      from proposed p
      where uses_context and p.session_id is not null
      order by (1 - w) * coalesce(p.bm25 / lexical.bm25_max, 0) + w * greatest(p.cosine, 0) desc, p.id desc
      limit 20
    ) p
    cross join lateral (values (p.session_position - 1), (p.session_position + 1)) turn(position)
    cross join lateral (
      select *
      from memories x
      where x.namespace_id = place.id
        and x.session_id = p.session_id
        and x.session_position = turn.position
      offset 0
    ) n
    where not exists (select from proposed q where q.id = n.id)
  ),
  everyone as (
    select * from proposed
    union all
    select
      b.*,
      null,
      null,
      coalesce(
        (
          select bm25(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
          from memory_words x
          where x.namespace_id = place.id and x.id = b.id
        ), 0),
      coalesce(1 - (case when o.supplied then b.supplied_v else b.v end <=> query_vector), 0)
    from beside b
    where condition is null
      or b.id = any(matching_ids(place.id, array(select id from beside), condition, filter))
  ),
  scored as (
    select
      e.*,
      coalesce(e.id = any(lexical.exact_ids), false) as exact,
      case when o.vectors then case when o.supplied then e.supplied_v else e.v end end as vector,
      coalesce(is_said_by(e.content, names), false) as said,
      is_question(e.content) as asks,
      0.5::float8 ^ (
        greatest(extract(epoch from now() - e.created_at)::float8, 0::float8) / (86400::float8 * o.half_life_days)
      ) as recency
    from everyone e
  ),
  related as (
    select
      s.*,
      coalesce(s.bm25 / lexical.bm25_max, 0) as text_score,
      greatest(s.cosine, 0) as vector_score,
      (1 + o.importance * (2 * s.importance - 1) + o.recency * s.recency) / (1 + o.importance + o.recency) as factor
    from scored s
  ),
  weighed as (
    select r.*, (1 - w) * r.text_score + w * r.vector_score as own
    from related r
  ),
  neighboured as (   -- the context that the candidates next to it in its session lend
    select
      e.*,
      case
        when e.session_id is null then 0
        else greatest(
          case when e.asks_before and e.session_position - e.position_before = 1 then 1.3 else 1 end
            * neighbour_relevance(e.own_before, e.session_position - e.position_before),
          neighbour_relevance(e.own_before_that, e.session_position - e.position_before_that),
          neighbour_relevance(e.own_after, e.position_after - e.session_position),
          neighbour_relevance(e.own_after_that, e.position_after_that - e.session_position))
      end as context
    from (
      select
        g.*,
        lag(g.asks) over turns as asks_before,
        lag(g.own) over turns as own_before,
        lag(g.session_position) over turns as position_before,
        lag(g.own, 2) over turns as own_before_that,
        lag(g.session_position, 2) over turns as position_before_that,
        lead(g.own) over turns as own_after,
        lead(g.session_position) over turns as position_after,
        lead(g.own, 2) over turns as own_after_that,
        lead(g.session_position, 2) over turns as position_after_that
      from weighed g
      window turns as (partition by g.session_id order by g.session_position, g.created_at, g.id)
    ) e
  ),
  best as (
    select r.*, relevance, relevance * r.factor as score
    from neighboured r
    cross join lateral (select r.own + o.context * r.context * (1 - r.own) as lent) b
    cross join lateral (
      select (case when r.said then lent + o.speaker * lent * (1 - lent) else lent end)
        * case when r.asks then 1 - o.question else 1 end as relevance
    ) blend
    where (r.exact or relevance > 0 and not exact_only) and relevance * r.factor >= coalesce(o.min_score, 0)
    order by r.exact desc, score desc, r.importance desc, r.created_at desc, r.id desc
    limit k
  )
  select
    b.id,
    b.content,
    b.memory_type,
    b.importance,
    b.tags,
    b.metadata,
    b.session_id,
    b.author,
    b.valid_from,
    b.created_at,
    b.updated_at,
    b.expires_at,
    b.version,
    a.access_count,
    a.last_accessed_at,
    b.exact,
    b.score,
    b.text_score,
    b.vector_score,
    case when o.explain then explain_score(b, o, lexical.bm25_max) end,
    case when o.highlight then highlight(place.id, b.content, lexical.words, query_text) end,
    b.vector
  from best b
  left join lateral (
    select x.access_count, x.last_accessed_at
    from memory_accesses x
    where x.namespace_id = place.id and x.id = b.id
    offset 0
  ) a on true
  order by b.exact desc, b.score desc, b.importance desc, b.created_at desc, b.id desc;
end $$;
revoke all on function recall from public;
grant execute on function recall to dakera_app;

-- Loads the library of pgvector, without which only a superuser may name the hnsw settings below.
do $$ begin perform '[1]'::halfvec; end $$;

-- Returns the ids of the memories nearest to a vector, nearest first, among those that pass the caller's policy and
-- the filter. selected: only these memories; if it is null, all that pass the filter. condition: the
-- filter_condition() of the filter, which is $1; null if there is none. The caller's own SQL may be passed here: it
-- runs with the caller's rights.
-- hnsw.ef_search: with m = 12 (jobs/vector-indexes.ts) an element of the index has fewer neighbours than by default,
-- so more candidates are kept to compensate.
create or replace function nearest_memories(
  target int,
  query_vector halfvec,
  supplied boolean,
  condition text,
  filter jsonb,
  selected text[],
  documents float8,
  how_many int
) returns text[]
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set hnsw.iterative_scan = relaxed_order
set hnsw.ef_search = 140
as $$
declare
  filtered boolean := condition is not null;
  is_wasm boolean := version() ~ 'wasm|emscripten';
  vectors text := case when supplied then 'm.supplied_v' else 'm.v' end;
  distance text;
  nearest text[];
begin
  if not filtered and not supplied and not is_wasm and to_regclass('public.memories_v_' || target) is null then
    return array(
      select m.id
      from memories m
      where m.namespace_id = target and m.v is not null
      order by m.v <=> query_vector
      limit how_many);
  end if;
  distance := case
    when is_wasm then format('(%s::vector(%s) <=> $3::vector(%2$s))', vectors, vector_dims(query_vector))
    else format('(%s <=> $3)', vectors)
  end;
  -- A relaxed order is only nearly sorted, so the result is sorted again. "+ 0" keeps a filtered query off the index.
  execute format(
    'select array_agg(id order by distance)'
      ' from (select m.id, %1$s as distance from memories m'
      ' where m.namespace_id = %2$s and %3$s is not null and %4$s order by %1$s %5$s limit %6$s) near',
    distance,
    target,
    vectors,
    case when selected is not null then 'm.id = any($2)' else coalesce(condition, filter_condition(null, '$1')) end,
    case when selected is not null or filtered and documents <= 20000 then '+ 0' end,
    how_many)
  into nearest
  using filter, selected, query_vector;
  return nearest;
end $$;
revoke all on function nearest_memories from public;
grant execute on function nearest_memories to dakera_app;

-- Returns those of these memories that a filter lets through. condition: as in nearest_memories().
create or replace function matching_ids(target int, ids text[], condition text, filter jsonb) returns text[]
language plpgsql stable
set search_path = pg_catalog, public, pg_temp
as $$
declare
  found_ids text[];
begin
  execute format(
    'select array_agg(m.id) from memories m where m.namespace_id = %s and m.id = any($2) and %s',
    target, condition)
  into found_ids
  using filter, ids;
  return found_ids;
end $$;
revoke all on function matching_ids from public;
grant execute on function matching_ids to dakera_app;

-- Returns the relevance that a neighbour in a session lends: all of its own at distance 1, less at 2, none beyond.
create or replace function neighbour_relevance(relevance float8, distance int) returns float8
language sql immutable parallel safe
as $$
  select case when distance <= 1 then relevance when distance = 2 then 0.8 * relevance else 0 end
$$;
revoke all on function neighbour_relevance from public;
grant execute on function neighbour_relevance to dakera_app;

-- Returns true if a content ends with a question mark of any script.
create or replace function is_question(content text) returns boolean
language sql immutable parallel safe
as $$
  select right(rtrim(right(content, 8), E' \n\t"''”’)]'), 1) in ('?', '？', '؟')
$$;
revoke all on function is_question from public;
grant execute on function is_question to dakera_app;

-- Returns true if a content begins with a name and a colon, as in a transcript, and the name is one of these, which
-- are in lower case.
create or replace function is_said_by(content text, names text[]) returns boolean
language sql immutable parallel safe
as $$
  select strpos(left(content, 48), ':') > 0
    and string_to_array(lower(btrim(split_part(left(content, 48), ':', 1), ' *_"[]()')), ' ') && names
    and split_part(split_part(left(content, 48), ':', 1), ' ', 3) = ''
$$;
revoke all on function is_said_by from public;
grant execute on function is_said_by to dakera_app;

-- Returns up to three fragments of a content around its hits. Only those passages of a long content are analyzed in
-- which a word of the query begins, as 100,000 letters take a quarter of a second.
create or replace function highlight(target int, content text, words tsquery[], asked text) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
  script constant text := unspaced_letters();
  wanted tsquery;
  runs text[] := '{}';
  pattern text;
  beginnings text;
  seen text;
  place int;
  behind int := 1;
  start int;
  taken int := 0;
  passage text;
  fragments text[] := '{}';
begin
  wanted := (
    select string_agg(word::text, ' | ')::tsquery
    from unnest(words) word
    where not starts_with(word::text, '''='));
  if wanted is null then   -- the query has only stop words: The Who
    runs := string_to_array(replace(literal_form(left(asked, 1000)), E'\2', ''), E'\1');
  end if;
  if config = 'auto' then
    config := detect_language(left(content, 1000));
  end if;
  pattern := (   -- Postgres does not segment scripts without spaces: their runs in the query, and every pair of these
    select string_agg(part, '|' order by length(part) desc, part)
    from (
      select distinct part
      from regexp_matches(left(asked, 1000), '[' || script || ']+', 'g') run
      cross join lateral string_to_array(run[1], null) letters
      cross join lateral (
        select run[1] as part
        union
        select letter || following
        from unnest(letters, letters[2:]) pair(letter, following)
        where following is not null
      ) parts
    ) found);
  if length(content) <= 2000 then
    return highlight_passage(content, config::regconfig, wanted, runs, pattern, 3);
  end if;

  -- How words with these stems may begin. They are letters and digits only, so none is special in a regular
  -- expression.
  beginnings := concat_ws(
    '|',
    (
      select string_agg(
        case
          when length(run) < 4 then '(?:^|[' || separators() || '])' || run
          else left(run, greatest(3, length(run) - 2))
        end,
        '|')
      from (
        select distinct left(run, 40) as run
        from (
          select ltrim(btrim(word::text, ''''), '=') as run from unnest(words) word
          union all
          select unnest(runs)
        ) given
        where run <> '' and run !~ ('[\u0001\u0002' || separators() || script || ']')
        limit 32
      ) r
    ),
    pattern);
  if beginnings = '' then
    return '{}';
  end if;
  seen := lower(content collate "default");
  while behind <= length(seen) and taken < 8 and cardinality(fragments) < 3 loop
    -- In portions, since regexp_instr() finds every place before it returns the first.
    place := regexp_instr(substr(seen, behind, 4000), beginnings);
    if place = 0 then
      behind := behind + 3900;
      continue;
    end if;
    place := behind + place - 1;
    start := greatest(behind, place - 60);
    passage := substr(content, start, 600);
    if start > 1 and strpos(left(passage, 59), ' ') > 0 then   -- do not begin in the middle of a word
      passage := substr(passage, strpos(passage, ' ') + 1);
    end if;
    fragments := fragments || highlight_passage(passage, config::regconfig, wanted, runs, pattern, 1);
    taken := taken + 1;
    behind := place + 540;
  end loop;
  return fragments;
end $$;
revoke all on function highlight from public;
grant execute on function highlight to dakera_app;

-- Returns up to `most` fragments of a passage around its hits, each hit between ** and **. The parts of a compound
-- are words too. runs: words that are hits exactly as they are written, where stems do not decide. pattern: the hits
-- in scripts without spaces.
create or replace function highlight_passage(
  passage text,
  config regconfig,
  wanted tsquery,
  runs text[],
  pattern text,
  most int
) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  apart constant text := '\u0002' || separators() || unspaced_letters();
  script constant text := unspaced_letters();
  pieces text[];
  hits boolean[];
  fragments text[] := '{}';
  i int := 1;
  first int;
  last int;
begin
  -- Separators and words in turn, as they were written.
  select array_agg(piece[1] order by at) into pieces
  from regexp_matches(
    mark_compounds(translate(passage, E'\1\2', '  ')),
    case when pattern is null then '' else '(?:' || pattern || ')+|' end
      || '[' || script || ']|[^' || apart || ']+|[' || '\u0002' || separators() || ']+',
    'g') with ordinality found(piece, at);
  select array_agg(coalesce(k.is_hit, false) order by at) into hits
  from unnest(pieces) with ordinality p(piece, at)
  left join (
    select
      piece,
      case
        when piece ~ ('^[' || script || ']') then piece ~ ('^(?:' || pattern || ')+$')
        else coalesce(to_tsvector(config, parser_text(fold_text(piece), true)) @@ wanted, false)
          or fold_text(piece) = any(runs) and piece ~ ('[^' || apart || ']')
      end as is_hit
    from (select distinct unnest(pieces) as piece) d
  ) k using (piece);
  while i <= cardinality(pieces) and cardinality(fragments) < most loop
    first := array_position(hits, true, i);
    exit when first is null;
    first := greatest(i, first - 8);
    last := least(cardinality(pieces), first + 48);
    fragments := fragments || replace(replace(
      (
        select string_agg(case when hits[n] then '**' || pieces[n] || '**' else pieces[n] end, '' order by n)
        from generate_series(first, last) n
      ), E'**\2**', ''), E'\2', '');
    i := last + 1;
  end loop;
  return fragments;
end $$;
revoke all on function highlight_passage from public;
grant execute on function highlight_passage to dakera_app, dakera_search;

reset role;

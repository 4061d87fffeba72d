-- recall() reads the default weights from its call: they are values of the protocol (weights.ts), and no longer written
-- here, in the schemas and in the documents. Servers of earlier releases send none, and fall back on the same.

-- ── @generated from db/functions by `pnpm migration`: edit the functions there, and nothing below this line ──

set role dakera_owner;

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
  lexical record;
  w float8;
  selected text[];
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

  select * into o
  from jsonb_to_record(coalesce(options -> 'defaults', '{}') || place.weights || coalesce(options, '{}')) as t(
    vector float8, importance float8, recency float8, half_life_days float8, context float8, speaker float8,
    question float8, min_score float8, explain boolean, highlight boolean, vectors boolean, search jsonb, pool int,
    budget int, supplied boolean, embedder text);
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
  -- 50 candidates found nothing more among the first k: docs/decisions/0014.
  o.pool := least(greatest(coalesce(o.pool, greatest(25, 3 * k)), k), 1000);
  -- Servers of before 0029 send no defaults.
  w := least(greatest(coalesce(o.vector, 0.35), 0), 1);
  o.importance := least(greatest(coalesce(o.importance, 0.1), 0), 1);
  o.recency := least(greatest(coalesce(o.recency, 0.05), 0), 1);
  o.half_life_days := greatest(coalesce(o.half_life_days, 30), 0.001);
  o.context := least(greatest(coalesce(o.context, 0.55), 0), 1);
  o.speaker := least(greatest(coalesce(o.speaker, 0.5), 0), 1);
  o.question := least(greatest(coalesce(o.question, 0.1), 0), 1);
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
  if filter is not null and filter <> '{}' then
    selected := selected_memories(place.id, filter, 5000);
  end if;
  lexical := lexical_search(
    place.id,
    case when w < 1 or o.search is not null then query_text else '' end,
    filter,
    selected,
    o.pool,
    o.search,
    coalesce(o.budget, 3000));
  if query_vector is not null and w > 0 and not exact_only then
    near_ids := nearest_memories(
      place.id, query_vector, coalesce(o.supplied, false), filter, selected, lexical.documents, o.pool);
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
    where filter is null
      or filter = '{}'
      or b.id = any(matching_ids(place.id, array(select id from beside), filter))
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
    case when o.explain then jsonb_build_object(
      'relevance', b.relevance,
      'own', b.own,
      'context', jsonb_build_object('value', b.context, 'weight', o.context),
      'speaker', jsonb_build_object('value', b.said::int, 'weight', o.speaker),
      'question', jsonb_build_object('value', b.asks::int, 'weight', o.question),
      'vector_weight', w,
      'factor', b.factor,
      'exact', b.exact,
      'text', jsonb_build_object(
        'rank', b.text_rank,
        'bm25', b.bm25,
        'bm25_max', lexical.bm25_max,
        'score', b.text_score),
      'vector', jsonb_build_object('rank', b.vector_rank, 'cosine', b.cosine, 'score', b.vector_score),
      'importance', jsonb_build_object('value', b.importance, 'weight', o.importance),
      'recency', jsonb_build_object(
        'value', b.recency,
        'weight', o.recency,
        'half_life_days', o.half_life_days)) end,
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

reset role;

-- recall and search, each one statement and so one round trip. The formula stands at the head of 0006_lexical.sql.
set role dakera_owner;

do $$ begin perform '[1]'::halfvec; end $$;   -- loads the library: else only a superuser may mention its settings below

/* The k best memories of one namespace for a text and its vector. SECURITY INVOKER: the vector arm and every returned row pass the
   caller's own policy, whatever the lexical arm said. Without a grant: the error of the API.
   options: vector_weight, importance_weight, recency_weight, half_life_days, min_score, explain, exact (first | only),
   pool (candidates per arm), budget, supplied (query_vector belongs to the vectors that callers supplied, not to the embedder's);
   a namespace's own defaults stand in namespaces.ranking. query_vector null: words only. */
create function recall(key_hash bytea, namespace text, query_text text, query_vector halfvec, k int default 5,
  filter jsonb default null, options jsonb default null)
returns table (id text, content text, memory_type text, importance real, tags text[], metadata jsonb, session_id text, author text,
  valid_from timestamptz, created_at timestamptz, updated_at timestamptz, expires_at timestamptz, version int,
  access_count bigint, last_accessed_at timestamptz, score float8, text_score float8, vector_score float8, explain jsonb)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set hnsw.iterative_scan = relaxed_order set hnsw.ef_search = 100 as $$
#variable_conflict use_column
declare
  place namespaces; o record; words record; w float8; vectors text; distance text; condition text;
begin
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);   -- first: policies of the statements below are evaluated after it
  place := resolve_namespace(namespace, 'read');
  if place.id is null then return; end if;
  condition := filter_condition(filter);   -- after the identity, which exclude_author: self asks for

  select * into o from jsonb_to_record(place.ranking || coalesce(options, '{}')) as t(
    vector_weight float8, importance_weight float8, recency_weight float8, half_life_days float8, min_score float8,
    explain boolean, exact text, pool int, budget int, supplied boolean);
  if o.supplied and vector_dims(query_vector) <> place.dimension then
    perform fail('DIMENSION_MISMATCH', format('The embedding has %s numbers; the namespace "%s" declares %s.', vector_dims(query_vector), place.name, place.dimension), place.name);
  end if;
  o.pool := least(greatest(coalesce(o.pool, 50), k), 1000);
  w := least(greatest(coalesce(o.vector_weight, 0.35), 0), 1);
  o.importance_weight := least(greatest(coalesce(o.importance_weight, 0.1), 0), 1);
  o.recency_weight := least(greatest(coalesce(o.recency_weight, 0.05), 0), 1);
  o.half_life_days := greatest(coalesce(o.half_life_days, 30), 0.001);
  words := lexical_search(place.id, case when w < 1 or o.exact is not null then query_text else '' end, filter, o.pool, o.exact,
    coalesce(o.budget, 5000));

  -- Native indexes are on the half vector; PGlite has no F16C and indexes, and scans, the cast five times faster.
  vectors := case when o.supplied then 'm.supplied_v' else 'm.v' end;
  distance := case when version() ~ 'wasm|emscripten' and query_vector is not null
    then format('(%s::vector(%s) <=> $1::vector(%2$s))', vectors, vector_dims(query_vector)) else format('(%s <=> $1)', vectors) end;

  -- Without a filter: exact where the namespace has no index yet, else its partial HNSW. With a filter HNSW walks far for few matches,
  -- so up to 20,000 memories the scan is exact ("+ 0" is no index expression), above it is iterative and stops after 20,000 tuples.
  return query execute format($sql$
    with vector_arm as materialized (
      select id, row_number() over (order by distance) as rank from (   -- relaxed order: ranked again here
        select m.id, %2$s as distance from memories m
        where m.namespace_id = %1$s and %11$s is not null and %3$s order by %10$s limit %4$s) nearest),
    candidate as (   -- not a full join: its coalesce(id) is no leakproof key, and the join below would read the whole namespace
      select id, min(text_rank) as text_rank, min(vector_rank) as vector_rank, coalesce(id = any($3), false) as exact
      from (select id, rank as text_rank, null::bigint as vector_rank from unnest($2) with ordinality as t(id, rank)
            union all select id, null, rank from vector_arm) arms
      group by id),
    scored as materialized (   -- materialized: each score is computed once
      select m.id, m.content, m.memory_type, m.importance, m.tags, m.metadata, m.session_id, m.author, m.valid_from, m.created_at, m.updated_at,
        m.expires_at, m.version, c.text_rank, c.vector_rank, c.exact, (%5$s) as bm25, coalesce(1 - %2$s, 0) as cosine,
        0.5::float8 ^ (greatest(extract(epoch from now() - m.created_at)::float8, 0::float8) / (86400::float8 * $8)) as recency
      from candidate c join memories m on m.namespace_id = %1$s and m.id = c.id),
    related as (
      select s.*, coalesce(s.bm25 / $4, 0) as text_score, greatest(s.cosine, 0) as vector_score,
        (1 + $6 * (2 * s.importance - 1) + $7 * s.recency) / (1 + $6 + $7) as factor
      from scored s),
    best as (
      select r.*, relevance, relevance * r.factor as score
      from related r cross join lateral (select (1 - $5) * r.text_score + $5 * r.vector_score) as blend(relevance)
      where relevance > 0 and relevance * r.factor >= $9 %6$s
      order by %7$s score desc, r.importance desc, r.created_at desc, r.id desc limit %8$s)
    select b.id, b.content, b.memory_type, b.importance, b.tags, b.metadata, b.session_id, b.author, b.valid_from,
      b.created_at, b.updated_at, b.expires_at, b.version, a.access_count, a.last_accessed_at, b.score, b.text_score, b.vector_score,
      case when $10 then jsonb_build_object(
        'relevance', b.relevance, 'vector_weight', $5, 'factor', b.factor, 'exact', b.exact,
        'text', jsonb_build_object('rank', b.text_rank, 'bm25', b.bm25, 'bm25_max', $4, 'score', b.text_score),
        'vector', jsonb_build_object('rank', b.vector_rank, 'cosine', b.cosine, 'score', b.vector_score),
        'importance', jsonb_build_object('value', b.importance, 'weight', $6),
        'recency', jsonb_build_object('value', b.recency, 'weight', $7, 'half_life_days', $8)) end
    from best b left join memory_accesses a on a.namespace_id = %1$s and a.id = b.id order by %9$s b.score desc, b.importance desc, b.created_at desc, b.id desc $sql$,
    place.id, distance, condition, case when query_vector is null or w = 0 then 0 else o.pool end,
    bm25_expression('m', words.queries, words.weights, words.average_length),
    case when o.exact = 'only' then 'and r.exact' else '' end,
    case when o.exact is not null then 'r.exact desc,' else '' end, k, case when o.exact is not null then 'b.exact desc,' else '' end,
    case when filter <> '{}' and words.documents <= 20000 then distance || ' + 0' else distance end, vectors)
  using query_vector, words.ids, words.exact_ids, (select sum(weight) from unnest(words.weights) weight), w,
    o.importance_weight, o.recency_weight, o.half_life_days, coalesce(o.min_score, 0), coalesce(o.explain, false);
end $$;

/* As recall, but memories in which every word and quoted phrase occurs come before anything fuzzy; exact: 'only' returns nothing else. */
create function search(key_hash bytea, namespace text, query_text text, query_vector halfvec, k int default 10,
  filter jsonb default null, options jsonb default null)
returns table (id text, content text, memory_type text, importance real, tags text[], metadata jsonb, session_id text, author text,
  valid_from timestamptz, created_at timestamptz, updated_at timestamptz, expires_at timestamptz, version int,
  access_count bigint, last_accessed_at timestamptz, score float8, text_score float8, vector_score float8, explain jsonb)
language sql volatile set search_path = pg_catalog, public, pg_temp as $$
  select * from recall(key_hash, namespace, query_text, query_vector, k, filter, '{"exact": "first"}' || coalesce(options, '{}')) $$;

revoke all on function recall(bytea, text, text, halfvec, int, jsonb, jsonb), search(bytea, text, text, halfvec, int, jsonb, jsonb) from public;
grant execute on function recall(bytea, text, text, halfvec, int, jsonb, jsonb), search(bytea, text, text, halfvec, int, jsonb, jsonb) to dakera_app;
reset role;

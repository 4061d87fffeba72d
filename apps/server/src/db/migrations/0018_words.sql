-- Nothing that a text or a query has much of costs its square, and nothing of it nests deep. In place of segment_cjk, detect_language and words_of of 0004,
-- lexemes_of, words_query and lexical_search of 0014, highlight of 0015 and other_words of 0017. The bounds are those of packages/protocol/src/bounds.ts.
set role dakera_owner;

/* Chinese, Japanese and Korean runs cut into overlapping pairs, as Postgres does not segment them: a run is one word to its parser.
   A memory is also found by a single character, so those stand behind the pairs; a query asks for them only when it has nothing longer.
   A run is taken apart once: substr would walk to its place from the start, for every pair. */
create or replace function segment_cjk(content text, for_query boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare script constant text := cjk_letters();
begin
  if content !~ ('[' || script || ']') then return content; end if;
  return (
    select string_agg(case when part[1] !~ ('^[' || script || ']') then part[1] else concat_ws(' ', '',
        (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
        case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
        '') end, '' order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(part[1], null) letters);
end $$;

/* A long run without a space, cut into pieces of 255 by a control character, unless it is one word. At each mark of an address, a path or
   a number Postgres' parser looks ahead to the end of the run and may come back with nothing, so its time grows with the square of a run. */
create function cut_runs(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
  if content !~ '\S{255}' then return content; end if;
  return (
    select string_agg(case when length(run[1]) <= 255 or run[1] ~ '^([[:alnum:]]+|\s+)$' then run[1] else regexp_replace(run[1], '(.{255})', E'\\1\4', 'g') end, '' order by at)
    from regexp_matches(content, '\S+|\s+', 'g') with ordinality runs(run, at));
end $$;

/* The language of a text: the one whose stop words its beginning holds most of. English when it holds none, as a name or a number alone. */
create or replace function detect_language(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  beginning text := cut_runs(left(content, 4000));
  words int := (select coalesce(sum(cardinality(positions)), 0) from unnest(to_tsvector('simple', beginning)));
begin
  return coalesce((
    select language from unnest('{english,german,french,spanish,italian,portuguese,dutch,danish,swedish,norwegian,finnish,hungarian,russian,turkish,nepali}'::text[])
      with ordinality known(language, preference)
    cross join lateral (select words - coalesce(sum(cardinality(positions)), 0) as dropped from unnest(to_tsvector(language::regconfig, beginning))) stop_words
    where dropped > 0 order by dropped desc, preference limit 1), 'english');
end $$;

/* What is indexed of a content, and how long it is. */
create or replace function words_of(target int, content text, out ts tsvector, out dl int)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare config text := (select text_config from namespaces where id = target);
begin
  if config = 'auto' then
    config := detect_language(content);
    insert into namespace_languages values (target, config) on conflict do nothing;
  end if;
  ts := to_tsvector(config::regconfig, cut_runs(segment_cjk(content, false)));
  if length(ts) > 60000 then perform fail('INVALID_REQUEST', 'content: it has more than 60000 distinct words. Split it into several memories.'); end if;
  dl := (select coalesce(sum(cardinality(positions)), 0) from unnest(ts));
end $$;

/* The distinct words of a text; of a long one the first 1000, as no more are looked at. */
create or replace function lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare parsable text := cut_runs(asked); words tsvector := to_tsvector(configs[1], parsable);
begin
  if cardinality(configs) = 1 and length(words) <= 1000 then return tsvector_to_array(words); end if;
  return array(
    select lexeme from unnest(configs) config cross join lateral unnest(to_tsvector(config, parsable)) word(lexeme, positions, weights)
    group by lexeme order by min(positions[1]), lexeme limit 1000);
end $$;

/* A tsquery of texts and of beginnings of words, joined by & or |; in any of the configurations. Null when it asks for nothing.
   A phrase nests as deep as it has words, and so does what joins them: what the server has let pass is counted again, as the parser counts. */
create or replace function words_query(texts text[], prefixes text[], operator text, configs regconfig[]) returns tsquery
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  whole tsquery; config regconfig; part text;
  pieces text[] := array(select cut_runs(segment_cjk(wanted, true)) from unnest(texts) wanted);
  beginnings text[] := array(select cut_runs(prefix) from unnest(prefixes) prefix);
begin
  foreach config in array configs loop
    if (select sum(cardinality(positions)) from unnest(pieces || beginnings) piece, unnest(to_tsvector(config, piece))) > 512 then
      perform fail('INVALID_REQUEST', 'query: it has too many words for a search. Leave some out, or use recall.');
    end if;
    part := (
      select string_agg('(' || query::text || ')', operator) from (
        select phraseto_tsquery(config, piece) as query from unnest(pieces) piece
        union all
        select to_tsquery(config, lexeme_query(beginning) || ':*') from unnest(beginnings) beginning) queries
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
        select lexeme, '' as mark from unnest(texts) wanted, unnest(tsvector_to_array(to_tsvector(config, cut_runs(segment_cjk(wanted, true))))) lexeme
        union all
        select lexeme, ':*' from unnest(prefixes) prefix, unnest(tsvector_to_array(to_tsvector(config, cut_runs(prefix)))) lexeme) asked);
    whole := coalesce(whole || part, whole, part);
  end loop;
  return whole;
end $$;

/* Up to three pieces of a content around what was asked for, the words themselves between ** and **. */
create or replace function highlight(target int, content text, words tsquery[], asked text) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare config text := (select text_config from namespaces where id = target); marked text; pattern text; place int;
begin
  if cardinality(words) > 0 then
    marked := ts_headline(case when config = 'auto' then detect_language(left(content, 1000)) else config end::regconfig, cut_runs(content),
      (select string_agg(word::text, ' | ')::tsquery from unnest(words) word),
      format('StartSel="%s", StopSel="%s", FragmentDelimiter="%s", MaxFragments=3, MinWords=8, MaxWords=24', chr(2), chr(3), chr(31)));
    if strpos(marked, chr(2)) > 0 then return string_to_array(replace(replace(translate(marked, chr(4), ''), chr(2), '**'), chr(3), '**'), chr(31)); end if;
  end if;
  -- Chinese, Japanese and Korean: to ts_headline a whole run is one word.
  pattern := (
    select string_agg(part, '|' order by length(part) desc, part) from (
      select distinct part from regexp_matches(left(asked, 1000), '[' || cjk_letters() || ']+', 'g') run
      cross join lateral string_to_array(run[1], null) letters
      cross join lateral (select run[1] as part union select letter || following from unnest(letters, letters[2:]) pair(letter, following) where following is not null) parts) found);
  place := regexp_instr(content, pattern);
  if place is null or place = 0 then return '{}'; end if;
  return array[regexp_replace(substr(content, greatest(1, place - 40), 120), '((?:' || pattern || ')+)', '**\1**', 'g')];
end $$;

/* The k best memories of one namespace for a text and its vector. SECURITY INVOKER: the vector arm and every returned row pass the
   caller's own policy, whatever the other arms said. Without a grant: the error of the API.
   options: vector, importance, recency, half_life_days, context, speaker, question (the weights of 0014_lexical.sql), min_score, explain, highlight, vectors (give them
   out as well), pool (candidates per arm), budget, embedder (whose vector it is), supplied (query_vector belongs to the vectors that callers supplied, not to the embedder's),
   search {all, prefixes, none, none_prefixes, typos, only}: memories in which every word, phrase and beginning occurs come before anything fuzzy,
   with only nothing else comes, and what holds one of none never does; a namespace's own defaults stand in namespaces.weights.
   query_vector null: words only. */
create or replace function recall(key_hash bytea, namespace text, query_text text, query_vector halfvec, k int default 5,
  filter jsonb default null, options jsonb default null)
returns table (id text, content text, memory_type text, importance real, tags text[], metadata jsonb, session_id text, author text,
  valid_from timestamptz, created_at timestamptz, updated_at timestamptz, expires_at timestamptz, version int,
  access_count bigint, last_accessed_at timestamptz, exact boolean, score float8, text_score float8, vector_score float8, explain jsonb,
  highlights text[], vector halfvec)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  place namespaces; o record; lexical record; w float8; selected text[]; near_ids text[]; exact_only boolean; pulls boolean; names text[];
begin
  perform require_bound_role();
  perform set_config('dakera.key', encode(key_hash, 'hex'), true);   -- first: policies of the statements below are evaluated after it
  place := resolve_namespace(namespace, 'read');
  if place.id is null then return; end if;

  select * into o from jsonb_to_record(place.weights || coalesce(options, '{}')) as t(
    vector float8, importance float8, recency float8, half_life_days float8, context float8, speaker float8, question float8, min_score float8,
    explain boolean, highlight boolean, vectors boolean, search jsonb, pool int, budget int, supplied boolean, embedder text);
  if o.embedder is not null then perform require_embedder(o.embedder, false); end if;
  if o.supplied and vector_dims(query_vector) <> place.dimension then
    perform fail('DIMENSION_MISMATCH', format('The embedding has %s numbers; the namespace "%s" declares %s.', vector_dims(query_vector), place.name, place.dimension), place.name);
  end if;
  o.pool := least(greatest(coalesce(o.pool, greatest(25, 3 * k)), k), 1000);   -- 50 found nothing more in the first k: docs/decisions/0014
  w := least(greatest(coalesce(o.vector, 0.35), 0), 1);
  o.importance := least(greatest(coalesce(o.importance, 0.1), 0), 1);
  o.recency := least(greatest(coalesce(o.recency, 0.05), 0), 1);
  o.half_life_days := greatest(coalesce(o.half_life_days, 30), 0.001);
  o.context := least(greatest(coalesce(o.context, 0.55), 0), 1);
  o.speaker := least(greatest(coalesce(o.speaker, 0.5), 0), 1);
  o.question := least(greatest(coalesce(o.question, 0.1), 0), 1);
  exact_only := coalesce((o.search -> 'only')::boolean, false);

  if jsonb_array_length(o.search -> 'none') + jsonb_array_length(o.search -> 'none_prefixes') > 0 then
    filter := coalesce(filter, '{}') || coalesce(jsonb_build_object('words_none', words_query(array(select jsonb_array_elements_text(o.search -> 'none')),
      array(select jsonb_array_elements_text(o.search -> 'none_prefixes')), ' | ', configurations_of(place.id))::text), '{}');
  end if;
  if filter is not null and filter <> '{}' then selected := selected_memories(place.id, filter, 5000); end if;
  lexical := lexical_search(place.id, case when w < 1 or o.search is not null then query_text else '' end, filter, selected, o.pool, o.search, coalesce(o.budget, 3000));
  if query_vector is not null and w > 0 and not exact_only then
    near_ids := nearest_memories(place.id, query_vector, coalesce(o.supplied, false), filter, selected, lexical.documents, o.pool);
  end if;

  pulls := o.context > 0 and o.search is null;
  if o.speaker > 0 then
    names := array(   -- is_said_by looks at 48 letters, so a longer one is no name
      select name from regexp_split_to_table(lower(query_text), '\W+') name
      where length(name) <= 48 and name ~ '^[[:alpha:]].'
        and to_tsvector(case place.text_config when 'auto' then 'english' else place.text_config end::regconfig, name) <> '' limit 32);
  end if;

  -- Static, so that it is planned once per session and not in every call. "offset 0" keeps each look-up one by all columns of its index: planned while
  -- a table is nearly empty, a join would read all of the namespace for every row, and the session would keep that plan while the table grows.
  return query
  with candidate as materialized (
    select t.id, min(t.text_rank) as text_rank, min(t.bm25) as bm25, min(t.vector_rank) as vector_rank
    from (
      select id, position as text_rank, bm25, null::bigint as vector_rank
      from rows from (unnest(lexical.ids), unnest(lexical.scores)) with ordinality as found(id, bm25, position)
      union all
      select id, null, null, position from unnest(near_ids) with ordinality as near(id, position)) t
    group by t.id),
  proposed as materialized (   -- both sides of every candidate, whichever arm proposed it
    select m.*, c.text_rank, c.vector_rank,
      coalesce(c.bm25, (
        select words_score(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
        from memory_words x where x.namespace_id = place.id and x.id = c.id), 0) as bm25,
      coalesce(1 - (case when o.supplied then m.supplied_v else m.v end <=> query_vector), 0) as cosine
    from candidate c cross join lateral (select * from memories x where x.namespace_id = place.id and x.id = c.id offset 0) m),
  beside as materialized (   -- what stands right before and after the best of them in a session
    select distinct on (n.id) n.*
    from (
      select p.session_id, p.session_position from proposed p
      where pulls and p.session_id is not null
      order by (1 - w) * coalesce(p.bm25 / lexical.bm25_max, 0) + w * greatest(p.cosine, 0) desc, p.id desc limit 20) p
    cross join lateral (values (p.session_position - 1), (p.session_position + 1)) turn(position)
    cross join lateral (
      select * from memories x where x.namespace_id = place.id and x.session_id = p.session_id and x.session_position = turn.position offset 0) n
    where not exists (select from proposed q where q.id = n.id)),
  everyone as (
    select * from proposed
    union all
    select b.*, null, null, coalesce((
        select words_score(x.ts, 0.54::float8 + lexical.per_position * x.dl, lexical.words, lexical.weights)
        from memory_words x where x.namespace_id = place.id and x.id = b.id), 0),
      coalesce(1 - (case when o.supplied then b.supplied_v else b.v end <=> query_vector), 0)
    from beside b
    where filter is null or filter = '{}' or b.id = any(matching_ids(place.id, array(select id from beside), filter))),
  scored as (
    select e.*,
      coalesce(e.id = any(lexical.exact_ids), false) as exact,
      case when o.vectors then case when o.supplied then e.supplied_v else e.v end end as vector,
      coalesce(is_said_by(e.content, names), false) as said, is_question(e.content) as asks,
      0.5::float8 ^ (greatest(extract(epoch from now() - e.created_at)::float8, 0::float8) / (86400::float8 * o.half_life_days)) as recency
    from everyone e),
  related as (
    select s.*, coalesce(s.bm25 / lexical.bm25_max, 0) as text_score, greatest(s.cosine, 0) as vector_score,
      (1 + o.importance * (2 * s.importance - 1) + o.recency * s.recency) / (1 + o.importance + o.recency) as factor
    from scored s),
  weighed as (select r.*, (1 - w) * r.text_score + w * r.vector_score as own from related r),
  neighboured as (   -- what was said right before or after it in its session, as far as that is a candidate too
    select e.*, case when e.session_id is null then 0 else greatest(
        case when e.asks_before and e.session_position - e.position_before = 1 then 1.3 else 1 end * nearby(e.own_before, e.session_position - e.position_before), nearby(e.own_before_that, e.session_position - e.position_before_that),
        nearby(e.own_after, e.position_after - e.session_position), nearby(e.own_after_that, e.position_after_that - e.session_position)) end as context
    from (
      select g.*,
        lag(g.asks) over turns as asks_before, lag(g.own) over turns as own_before, lag(g.session_position) over turns as position_before,
        lag(g.own, 2) over turns as own_before_that, lag(g.session_position, 2) over turns as position_before_that,
        lead(g.own) over turns as own_after, lead(g.session_position) over turns as position_after,
        lead(g.own, 2) over turns as own_after_that, lead(g.session_position, 2) over turns as position_after_that
      from weighed g window turns as (partition by g.session_id order by g.session_position, g.created_at, g.id)) e),
  best as (
    select r.*, relevance, relevance * r.factor as score
    from neighboured r
    cross join lateral (select r.own + o.context * r.context * (1 - r.own) as lent) b
    cross join lateral (select (case when r.said then lent + o.speaker * lent * (1 - lent) else lent end) * case when r.asks then 1 - o.question else 1 end) as blend(relevance)
    where relevance > 0 and relevance * r.factor >= coalesce(o.min_score, 0) and (r.exact or not exact_only)
    order by r.exact desc, score desc, r.importance desc, r.created_at desc, r.id desc limit k)
  select b.id, b.content, b.memory_type, b.importance, b.tags, b.metadata, b.session_id, b.author, b.valid_from,
    b.created_at, b.updated_at, b.expires_at, b.version, a.access_count, a.last_accessed_at, b.exact, b.score, b.text_score, b.vector_score,
    case when o.explain then jsonb_build_object(
      'relevance', b.relevance, 'own', b.own, 'context', jsonb_build_object('value', b.context, 'weight', o.context), 'speaker', jsonb_build_object('value', b.said::int, 'weight', o.speaker),
      'question', jsonb_build_object('value', b.asks::int, 'weight', o.question), 'vector_weight', w, 'factor', b.factor, 'exact', b.exact,
      'text', jsonb_build_object('rank', b.text_rank, 'bm25', b.bm25, 'bm25_max', lexical.bm25_max, 'score', b.text_score),
      'vector', jsonb_build_object('rank', b.vector_rank, 'cosine', b.cosine, 'score', b.vector_score),
      'importance', jsonb_build_object('value', b.importance, 'weight', o.importance),
      'recency', jsonb_build_object('value', b.recency, 'weight', o.recency, 'half_life_days', o.half_life_days)) end,
    case when o.highlight then highlight(place.id, b.content, lexical.words, query_text) end, b.vector
  from best b
  left join lateral (select x.access_count, x.last_accessed_at from memory_accesses x where x.namespace_id = place.id and x.id = b.id offset 0) a on true
  order by b.exact desc, b.score desc, b.importance desc, b.created_at desc, b.id desc;
end $$;

revoke all on function cut_runs(text) from public;
grant execute on function cut_runs(text) to dakera_app, dakera_search;
grant execute on function fail(text, text, text) to dakera_search;

/* What words that nobody knows are compared with. "+ 0": no other index serves that, so no plan can be one that reads all words of a namespace.
   A short list of what is not sorted in yet: merging new words costs twice as much with it, and four times without. */
create index term_statistics_alike_idx on term_statistics using gin ((namespace_id + 0), term gin_trgm_ops) with (gin_pending_list_limit = 1024)
  where length(term) between 3 and 40 and term ~ '^[[:alpha:]]+$';

reset role;
grant create on schema public to dakera_search;   -- until the end of this file
set role dakera_search;

/* Words to look for beside those asked for: of each of 32 beginnings the words that have it, and for the three longest words that no memory holds those that look alike.
   share: how much of the word's own weight it counts. part: which word of the query it stands for. */
create or replace function other_words(target int, lexemes text[], prefixes text[], with_typos boolean) returns table (lexeme text, share float8, part text)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not target = any(readable_namespaces()) then return; end if;
  return query
  with fresh as materialized (select distinct word collate "C" as word from statistics_deltas d, unnest(tsvector_to_array(d.words)) word where d.namespace_id = target),
  unknown as (
    select l.word from unnest(lexemes) l(word)
    where with_typos and l.word ~ '^[[:alpha:]]{4,38}$'   -- a number or an identifier is meant as it is
      and not exists (select from term_statistics t where t.namespace_id = target and t.term = l.word collate "C")
      and l.word collate "C" not in (select f.word from fresh f)   -- hashed, which "not exists" would only be by a good estimate
    order by length(l.word) desc, l.word limit 3),
  spelt as materialized (select f.word from fresh f where exists (select from unknown) and f.word ~ '^[[:alpha:]]{3,40}$')
  select near.word, near.likeness::float8, u.word from unknown u cross join lateral (
    select t.term as word, similarity(t.term, u.word) as likeness from term_statistics t
    where t.namespace_id + 0 = target and t.term % u.word and length(t.term) between 3 and 40 and t.term ~ '^[[:alpha:]]+$'
      and length(t.term) between length(u.word) - 2 and length(u.word) + 2
    union
    select k.word, k.likeness from (   -- "offset 0": likeness is computed here, once
      select s.word, similarity(s.word, u.word) as likeness from spelt s
      where length(s.word) between length(u.word) - 2 and length(u.word) + 2 offset 0) k
    where k.likeness >= 0.3
    order by 2 desc, 1 limit 3) near
  union all
  select begun.word, 1, p from unnest(prefixes[:32]) p cross join lateral (
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
  changed as materialized (   -- looking into each change for each of many words would cost their product
    select term collate "C" as term, sum(sign) as documents from change, unnest(tsvector_to_array(words)) term
    where cardinality(lexemes) > 32 group by 1),
  counted as materialized (   -- materialized: without it the planner counts again wherever df is used
    select word, own, share, part,
      coalesce((select documents from term_statistics where namespace_id = target and term = lexeme), 0)
      + coalesce(case when cardinality(lexemes) > 32 then changed.documents else (select sum(sign) from change where words @@ word) end, 0) as df
    from asked left join changed on term = lexeme),
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

  -- Where a filtered round reads from: $4 the selected, $7 what to look for, $10 the same as the index knows it, $11 the filter (filter_condition of 0022). newest: by id, and not by the index.
  -- The index's words belong to one namespace already; "namespace_id + 0" makes sure, and keeps the planner from fetching all of it by the primary key.
  if selected is not null then
    source := format('select w.id, w.ts, w.dl from unnest($4) s(id) cross join lateral (select * from memory_words w where w.namespace_id = %s and w.id = s.id offset 0) w where (w.expires_at is null or w.expires_at > now()) and w.ts @@ $7', target);
  elsif filtered then
    source := format('select w.id, w.ts, w.dl from (select * from memory_words w where own_words(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %1$s offset 0) w join memories m on m.namespace_id = %1$s and m.id = w.id where %2$s', target, filter_condition(filter, '$11'));
    newest := format('select w.id, w.ts, w.dl from memory_words w join memories m on m.namespace_id = w.namespace_id and m.id = w.id where w.namespace_id = %s and %s and w.ts @@ $7', target, filter_condition(filter, '$11'));
  else
    source := format('select w.id, w.ts, w.dl from memory_words w where own_words(w.namespace_id, w.ts) @@ $10 and w.namespace_id + 0 = %s and (w.expires_at is null or w.expires_at > now())', target);
  end if;

  if known is null then
    -- No word to look for. A search by tags alone gives what has them, newest first.
    if jsonb_array_length(search -> 'all') = 0 and jsonb_array_length(search -> 'prefixes') = 0 and filtered then
      execute format('select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s order by m.id desc limit $1) newest', target,
        case when selected is not null then 'm.id = any($2)' else filter_condition(filter, '$3') end) into exact_ids using how_many, selected, filter;
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
      into ids, scores using how_many, ids, scores, selected, words, weights, matching, met, per_position, own_matching, filter;
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
    into exact_ids using how_many, null, null, selected, words, weights, wanted, budget, per_position, own_words_query(target, texts, prefixes, configs), filter;
    ids := coalesce(ids, '{}') || array(select id from unnest(exact_ids) id where id <> all(coalesce(ids, '{}')));
  end if;
end $$;

reset role;
revoke create on schema public from dakera_search;   -- dakera_owner keeps it: the vector-index job needs it

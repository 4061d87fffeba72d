set role dakera_search;

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
  configs regconfig[]; lexemes text[]; shares float8[]; parts text[]; own_words tsquery[]; frequencies int[];
  known int; used int := 1; scored int := 0; candidates float8; rest float8; too_many boolean; matching tsquery; own_matching tsquery; met tsquery;
  strong int; weak float8; few int := 10 * how_many; alone boolean := false; source text; newest text;
  texts text[] := given_texts(search -> 'all'); prefixes text[] := given_texts(search -> 'prefixes');
  wanted text[] := case when search is not null then needles(texts, prefixes) end; marks text[] := case when search is not null then hints(wanted) end; exact_query tsquery; met_ids text[]; renewed text;
  filtered boolean := selected is not null or filter is not null and filter <> '{}';
  -- What a word left out adds to a memory of average length in which it stands twice, of its weight; most add less.
  likely constant float8 := 0.69;
begin
  if not target = any(readable_namespaces()) then return; end if;
  configs := configurations_of(target);
  lexemes := lexemes_of(query_text, configs);
  select after_id into renewed from old_words where namespace_id = target;
  if found then   -- some memories are still indexed as they were before 0026: of them nothing has the words that only this release makes
    select coalesce(array_agg(lexeme), '{}'), array_agg(case when lexeme = any(old_words) then 1 else 0.2 end) into lexemes, shares
    from old_lexemes_of(query_text, configs) old_words cross join lateral (select unnest(lexemes) union select unnest(old_words)) asked(lexeme);
  end if;
  parts := lexemes;
  if search is not null then
    select lexemes || array_agg(lexeme), coalesce(shares, array_fill(1::float8, array[cardinality(lexemes)])) || array_agg(share), lexemes || array_agg(part) into lexemes, shares, parts
    from other_words(target, lexemes, lexemes_of(array_to_string(prefixes, ' '), configs), (search -> 'typos')::boolean);
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

  if known is null and coalesce(wanted, '{}') = '{}' then
    -- No word to look for. A search by tags alone gives what has them, newest first.
    if cardinality(texts) = 0 and cardinality(prefixes) = 0 and filtered then
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
  while known is not null loop
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

  if wanted <> '{}' then
    -- What holds every word, phrase and beginning literally: of what the index lets through, the best first, until there are enough.
    exact_query := own_words_query(target, texts, prefixes, ' & ', configs);
    if selected is not null then
      source := format('select w.id, w.ts, w.dl from unnest($4) s(id) cross join lateral (select * from memory_words w where w.namespace_id = %s and w.id = s.id offset 0) w where (w.expires_at is null or w.expires_at > now())', target);
    elsif exact_query is null then
      source := format('select w.id, w.ts, w.dl from memory_words w join memories m on m.namespace_id = w.namespace_id and m.id = w.id where w.namespace_id = %s and %s', target, filter_condition(filter, '$11'));
    end if;
    execute format('select array_agg(w.id order by words_score(w.ts, 0.54::float8 + $9 * w.dl, $5, $6) desc nulls last, w.id desc) from (%s limit $8) w', source)
    into met_ids using how_many, null, null, selected, words, weights, null, case when selected is null then budget end, per_position, exact_query, filter;
    exact_ids := literal_hits(target, coalesce(ids, '{}') || array(select id from unnest(met_ids) id where id <> all(coalesce(ids, '{}'))), wanted, marks, how_many);
    if cardinality(exact_ids) < how_many and selected is null and cardinality(met_ids) = budget then   -- there are more, and all that are left are looked at
      execute format('select array_agg(w.id) from (%s) w', source) into met_ids using null, null, null, null, null, null, null, null, null, exact_query, filter;
      exact_ids := exact_ids || literal_hits(target, array(select unnest(met_ids) except select unnest(exact_ids)), wanted, marks, how_many - cardinality(exact_ids));
    end if;
    if cardinality(exact_ids) < how_many and selected is null and renewed is not null then   -- the index does not know all of these
      execute format('select array_agg(m.id) from memories m where m.namespace_id = %s and m.id > $2 and %s', target, filter_condition(filter, '$1')) into met_ids using filter, renewed;
      exact_ids := exact_ids || literal_hits(target, array(select unnest(met_ids) except select unnest(exact_ids)), wanted, marks, how_many - cardinality(exact_ids));
    end if;
    ids := coalesce(ids, '{}') || array(select id from unnest(exact_ids) id where id <> all(coalesce(ids, '{}')));
  end if;
end $$;
revoke all on function lexical_search from public;
grant execute on function lexical_search to dakera_app;

/* The memories that pass a filter, when an index finds them and there are at most `most`; else null. Both arms then look at these alone.
   SECURITY DEFINER for the same reason as lexical_search, and with the same care: GIN serves neither @> nor && under a real policy. */
create or replace function selected_memories(target int, filter jsonb, most int) returns text[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare selected text[];
begin
  if not target = any(readable_namespaces()) then return null; end if;
  if not (filter ?| '{tags,tags_any,session_id,since,ids}' or filter -> 'metadata' ? 'equal') then return null; end if;
  execute format('select array_agg(id) from (select m.id from memories m where m.namespace_id = %s and %s limit %s) found',
    target, filter_condition(filter, '$1'), most + 1)
  into selected using filter;
  if cardinality(selected) > most then return null; end if;
  return coalesce(selected, '{}');
end $$;
revoke all on function selected_memories from public;
grant execute on function selected_memories to dakera_app;

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
revoke all on function other_words from public;

reset role;

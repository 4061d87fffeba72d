-- Words as a person sees them: our own segmentation before Postgres' text search, and what is asked for exactly is looked for in the text itself.
-- In place of words_of, lexemes_of, words_query, own_words_query, highlight, recall and lexical_search of 0018, filter_condition and
-- selected_memories of 0022. Why: docs/decisions/0029.
grant create on schema public to dakera_search;   -- until the end of this file
set role dakera_owner;

-- ── Letters ── each for the inside of a bracket of a regular expression. Named one by one, as what Postgres takes for a letter
-- differs between locales. What is in no list is a letter.

/* Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese: scripts that put no space between words. */
create function unspaced_letters() returns text language sql immutable parallel safe as $$
  select '\u0E01-\u0E2E\u0E30-\u0E3A\u0E40-\u0E4E\u0E81-\u0EDF\u1000-\u103F\u1050-\u109F\u1100-\u11FF\u1780-\u17D3\u17D7\u17DC-\u17DD'
    || '\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F'
    || '\uA9E0-\uA9FE\uAA60-\uAA7F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9D\U00020000-\U0003FFFF' $$;

/* Vowels and tones that stand on a letter of these scripts. Postgres' parser breaks a word at some of them. */
create function unspaced_marks() returns text language sql immutable parallel safe as $$
  select '\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u102B-\u103E\u1056-\u1059\u105E-\u1060\u1062-\u1064\u1067-\u106D'
    || '\u1071-\u1074\u1082-\u108D\u108F\u109A-\u109D\u17B4-\u17D3\u17DD\u3099\u309A\uAA7B-\uAA7D' $$;

/* Signs that are looked for by themselves: money, arrows, mathematics, emoji. */
create function signs() returns text language sql immutable parallel safe as $$
  select '\u20A0-\u20CF\u2190-\u2BFF\U0001F000-\U0001FAFF' $$;

/* What stands between words, signs included. Not \1 and \2, which are marks of our own: composed() leaves none in a text. */
create function separators() returns text language sql immutable parallel safe as $$
  select '\u0003-\u001F !-/:-@[-`{-\u00A9\u00AB-\u00B1\u00B4\u00B6-\u00B8\u00BB-\u00BF\u00D7\u00F7\u037E\u0387\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3'
    || '\u05C6\u05F3\u05F4\u0609-\u060D\u061B-\u061F\u066A-\u066D\u06D4\u0964\u0965\u0970\u0E2F\u0E3F\u0E4F\u0E5A\u0E5B\u104A-\u104F\u10FB'
    || '\u1360-\u1368\u1680\u17D4-\u17D6\u17D8-\u17DB\u2000-\u206F\u207A-\u207E\u208A-\u208E\u20A0-\u20CF\u2100-\u214F\u2190-\u2BFF'
    || '\u2E00-\u2E7F\u3000-\u3004\u3008-\u3020\u3030\u303D\u30A0\u30FB\uFD3E\uFD3F\uFE10-\uFE19\uFE30-\uFE6F\U0001F000-\U0001FAFF' $$;

-- ── Text ──

/* A text as it is compared, but for its capitals: composed, wide and narrow forms made alike (NFKC), without what nobody sees (soft hyphens, marks of
   width zero and of direction, the variation of an emoji) and without the vowel marks of Arabic and Hebrew. Accents stay. */
create function composed(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  if octet_length(content) <> length(content) then
    content := translate(regexp_replace(normalize(content, NFKC),
      '[\u00AD\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFE00-\uFE0F\uFEFF]+',
      '', 'g'), E'‘’ʼ‐\u0085\u1680\u2028\u2029', '''''''-    ');
  end if;
  return translate(content, E'\t\n\v\f\r\1\2', '       ');   -- \1 and \2 are marks of our own from here on
end $$;

/* The same with \2 where a compound written as one ends a part: getUserId, HTTPServer, v2, PROJ4711, 5ms. Nothing else is changed, and none of it
   is inside of a run of letters and digits in turn, as in a hash. */
create function parted(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  small constant text := 'a-zß-öø-ÿα-ωа-яѐ-џ'; big constant text := 'A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЀ-Џ';
  apart constant text := '\u0002' || separators() || unspaced_letters();
begin
  if content ~ ('[' || small || '][' || big || ']|[' || big || '][' || big || '][' || small || ']') then
    content := regexp_replace(content, '([' || small || '])([' || big || '])', E'\\1\2\\2', 'g');
    content := regexp_replace(content, '([' || big || '])([' || big || '][' || small || '])', E'\\1\2\\2', 'g');
  end if;
  if content ~ ('[0-9][^0-9' || apart || ']|[^0-9' || apart || '][0-9]') then
    content := regexp_replace(content, '(^|[' || apart || '])([0-9]{2,8})T([0-9]{2,6}Z?)(?=[' || apart || ']|$)', E'\\1\\2\2T\2\\3', 'g');   -- of a time
    content := regexp_replace(content, '(^|[' || apart || '])([^0-9' || apart || ']+)([0-9]+)(?=[' || apart || ']|$)', E'\\1\\2\2\\3', 'g');
    content := regexp_replace(content, '(^|[' || apart || '])([0-9]+)([^0-9' || apart || ']+)(?=[' || apart || ']|$)', E'\\1\\2\2\\3', 'g');
  end if;
  return content;
end $$;

/* A text as it is compared, parted. */
create function folded(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  content := lower(parted(composed(content)) collate "default");   -- a caller may bring the collation of an id, in which Ä stays Ä
  if octet_length(content) = length(content) then return content; end if;
  return replace(replace(content, 'ß', 'ss'), 'ς', 'σ');
end $$;

/* A text as what is asked for exactly is looked for in it: its atoms, with \1 before and behind each. An atom is a run of letters or digits, a letter of
   a script without spaces, a sign, or a space, for any number of them. What closes or opens a sentence, a quote or a bracket is left out where a
   space or nothing is beyond it. \2 stays between the parts of a run. */
create function plain(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare whole text := folded(content);
begin
  whole := regexp_replace(whole, '[]\u0022''.,;:!?)}»”“。،؛؟।]+( |$)', '\1', 'g');
  whole := regexp_replace(whole, '(^| )[[\u0022''({«“„]+', '\1', 'g');
  if strpos(whole, '  ') > 0 then whole := regexp_replace(whole, '  +', ' ', 'g'); end if;
  whole := btrim(whole);
  if whole = '' then return ''; end if;
  whole := regexp_replace(whole, '([' || replace(separators(), ' ', '') || unspaced_letters() || '])', E'\1\\1\1', 'g');
  return replace(E'\1' || replace(whole, ' ', E'\1 \1') || E'\1', E'\1\1', E'\1');
end $$;

-- ── What is indexed ──

/* Runs of the scripts without spaces cut into overlapping pairs, marks left out. A memory is also found by a single letter, so those stand behind the
   pairs; a query asks for them only when it has nothing longer. A run is taken apart once: substr would walk to its place from the start. */
create function in_pairs(content text, for_query boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare script constant text := unspaced_letters();
begin
  if content !~ ('[' || script || ']') then return content; end if;
  return (
    select string_agg(case when part[1] !~ ('^[' || script || ']') then part[1] else concat_ws(' ', '',
        (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
        case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
        '') end, '' order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(regexp_replace(part[1], '[' || unspaced_marks() || ']+', '', 'g'), null) letters);
end $$;

/* A folded text as Postgres' parser gets it: words and numbers between spaces, nothing else. Of a word that is too long for it, the beginning. */
create function spaced(content text, for_query boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  content := in_pairs(regexp_replace(content, '[\u0002' || separators() || ']+', ' ', 'g'), for_query);
  if length(content) <= 500 or content !~ '[^ ]{250}[^ ]{250}' then return content; end if;
  return (
    select string_agg(case when octet_length(word) <= 2046 then word else left(word, 500) end, ' ' order by at)
    from string_to_table(content, ' ') with ordinality words(word, at));
end $$;

/* The compounds of a folded text, each as one: src/db/tx.ts, 2026-11-28, jane.doe@acme.example. */
create function compounds(content text) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare letters constant text := '[^' || separators() || unspaced_letters() || ']+';
begin
  if content !~ '[^ ][-_./:@#&+~=\\%?]+[^ ]' then return '{}'; end if;
  return array(
    select distinct compound[1]
    from regexp_matches(replace(content, E'\2', ''), letters || '(?:[-_./:@#&+~=\\%?]+' || letters || ')+', 'g') compound
    where length(compound[1]) <= 255);
end $$;

create function signs_of(content text) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  if content !~ ('[' || signs() || ']') then return '{}'; end if;
  return array(select distinct sign[1] from regexp_matches(content, '[' || signs() || ']', 'g') sign);
end $$;

/* The runs of a folded text that have parts, whole: getuserid, v2. */
create function whole_runs(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare letter constant text := '[^' || separators() || unspaced_letters() || ']*';
begin
  if strpos(content, E'\2') = 0 then return ''; end if;
  return (select string_agg(replace(run[1], E'\2', ''), ' ') from regexp_matches(content, letter || '\u0002' || letter, 'g') run);
end $$;

/* Words of a folded text that a configuration leaves out, as they are looked for when they are asked for exactly: =the. `parsable`: the same text,
   spaced; `stems`: what was not left out. No script without spaces has any, and a long run has very many pairs. */
create function stop_words(config regconfig, content text, parsable text, stems tsvector) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare unstemmed text[];
begin
  if config = 'simple'::regconfig then return '{}'; end if;
  if content ~ ('[' || unspaced_letters() || ']') then
    parsable := spaced(regexp_replace(content, '[' || unspaced_letters() || ']+', ' ', 'g'), false);
  end if;
  unstemmed := array(
    select word from (select unnest(tsvector_to_array(to_tsvector('simple', parsable))) as word except select unnest(tsvector_to_array(stems))) w
    where length(word) <= 20 and word ~ '^[[:alpha:]]+$' order by length(word), word limit 16000);
  -- Each is one word to the parser, so one that is left out leaves its place empty.
  return array(
    select '=' || word from unnest(unstemmed) with ordinality w(word, place)
    where place not in (select unnest(positions) from unnest(to_tsvector(config, array_to_string(unstemmed, ' ')))));
end $$;

/* What is indexed of a content, and how long it is: its stems, and without a place what it is found by beside them. */
create or replace function words_of(target int, content text, out ts tsvector, out dl int)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  config text := (select text_config from namespaces where id = target);
  whole text := folded(content); parsable text := spaced(whole, false);
begin
  if config = 'auto' then
    config := detect_language(content);
    insert into namespace_languages values (target, config) on conflict do nothing;
  end if;
  ts := to_tsvector(config::regconfig, parsable);
  if length(ts) > 60000 then perform fail('INVALID_REQUEST', 'content: it has more than 60000 distinct words. Split it into several memories.'); end if;
  dl := (select coalesce(sum(cardinality(positions)), 0) from unnest(ts));
  if strpos(whole, E'\2') > 0 then ts := ts || strip(to_tsvector(config::regconfig, spaced(whole_runs(whole), false))); end if;
  ts := ts || array_to_tsvector(compounds(whole) || signs_of(whole) || stop_words(config::regconfig, whole, parsable, ts));
end $$;

/* The distinct words of a text; of a long one the first 1000, as no more are looked at. */
create or replace function lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  whole text := folded(asked); parsable text := spaced(whole, true); beside text[] := compounds(whole) || signs_of(whole); words tsvector;
  runs text := case when strpos(whole, E'\2') > 0 then spaced(whole_runs(whole), true) end;
begin
  if cardinality(configs) = 1 then
    words := to_tsvector(configs[1], parsable);
    if runs is not null then words := words || strip(to_tsvector(configs[1], runs)); end if;
    if beside <> '{}' then words := words || array_to_tsvector(beside); end if;
    if length(words) <= 1000 then return tsvector_to_array(words); end if;
  end if;
  return array(
    select lexeme from (
      select lexeme, positions[1] as place from unnest(configs) config cross join lateral unnest(to_tsvector(config, parsable)) word(lexeme, positions, weights)
      union all select lexeme, 0 from unnest(configs) config cross join lateral unnest(tsvector_to_array(to_tsvector(config, runs))) lexeme
      union all select compound, 0 from unnest(beside) compound) words
    group by lexeme order by min(place), lexeme limit 1000);
end $$;

/* Whether a namespace holds memories that were indexed before 0026, and from where on. */
create table old_words (
  namespace_id int primary key references namespaces on delete cascade,
  after_id     text collate "C" not null default '',   -- up to here they are indexed anew
  done         bigint not null default 0
);

-- ── What is there literally ──

/* What is looked for in the plain() of a text for each word and phrase, and for each beginning of a word; nothing for what has no letter, digit or sign. */
create function needles(texts text[], beginnings text[]) returns text[]
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

/* Of each needle its longest run, whole: a text that lacks it lacks the needle, and that is found out at a third of the price. */
create function hints(needles text[]) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  return array(
    select (select run from unnest(string_to_array(replace(needle, E'\2', ''), E'\1')) run order by length(run) desc limit 1)
    from unnest(needles) with ordinality asked(needle, at) order by at);
end $$;

/* Whether all of the needles are in a text, or any of them. In a text with compounds written as one, a part counts as a run of its own, and the whole
   run does too: userId has user, Id and userid. */
create function holds(content text, needles text[], hints text[], any_will_do boolean) returns boolean
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

/* The words of a folded text as the index knows them, or without a namespace as a memory's own words, joined by &; null when there are none. */
create function own_words_of(target int, config regconfig, content text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare parsable text := spaced(content, true); stems tsvector := to_tsvector(config, parsable);
begin
  return (
    select string_agg(lexeme_query(coalesce(own_word(target, word), word)), ' & ')
    from unnest(tsvector_to_array(stems) || signs_of(content)
      || case when stems = ''::tsvector then stop_words(config, content, parsable, stems) end) word);
end $$;

/* A beginning of a word as the index knows it. It is cut, as stemming shortens words and changes their last letters: to its first three letters at
   most, none of them one that stemming may change. Null when nothing is left. */
create function own_beginning(target int, config regconfig, beginning text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare kept text := beginning;
begin
  if config <> 'simple'::regconfig and beginning !~ '[0-9]' then   -- what has a digit is not stemmed
    kept := substring(beginning from '^[^\u0080-\u024Fё][^\u0080-\u024Fёijy]{0,2}');
    if substr(kept, 3, 1) = substr(kept, 2, 1) then kept := left(kept, 2); end if;   -- added: ad
  end if;
  return concat_ws(' | ', lexeme_query(coalesce(own_word(target, kept), kept)) || ':*', lexeme_query(coalesce(own_word(target, '=' || kept), '=' || kept)) || ':*',
    case when kept is not null then '(' || own_words_of(target, config, beginning) || ')' end);   -- ads: ad
end $$;

/* What the index needs to know of words, phrases and beginnings, joined by & or |: every memory that holds them passes, and some others do. Null where
   the index cannot tell. A compound written as one is looked for in parts and whole. Without a namespace: for a memory's own words. */
drop function own_words_query(int, text[], text[], regconfig[]);
create function own_words_query(target int, texts text[], prefixes text[], operator text, configs regconfig[]) returns tsquery
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  letters constant text := '[^\u0002' || separators() || unspaced_letters() || ']+$';
  wanted tsquery; config regconfig; asked record; form text; begun text; part text; all_parts text;
begin
  if (select sum(regexp_count(spaced(folded(text), true), '[^ ]+')) from unnest(texts || prefixes) text) > 512 then   -- the server has counted too
    perform fail('INVALID_REQUEST', 'query: it has too many words for a search. Leave some out, or use recall.');
  end if;
  foreach config in array configs loop
    all_parts := null;
    for asked in select folded(text) as text, false as begins from unnest(texts) text union all select folded(text), true from unnest(prefixes) text loop
      part := null;
      foreach form in array case when strpos(asked.text, E'\2') = 0 then array[asked.text]
        else array[replace(asked.text, E'\2', ' '), replace(asked.text, E'\2', '')] end loop
        begun := case when asked.begins then substring(form from letters) end;
        form := concat_ws(' & ', own_words_of(target, config, left(form, length(form) - coalesce(length(begun), 0))), '(' || nullif(own_beginning(target, config, begun), '') || ')');
        part := concat_ws(' | ', nullif(part, ''), '(' || nullif(form, '') || ')');
      end loop;
      if coalesce(part, '') = '' and operator = ' | ' then return null; end if;
      all_parts := concat_ws(operator, nullif(all_parts, ''), '(' || nullif(part, '') || ')');
    end loop;
    if all_parts = '' then return null; end if;
    wanted := coalesce(wanted || all_parts::tsquery, all_parts::tsquery);
  end loop;
  return wanted;
end $$;

/* Those of these memories that hold all of the needles, in the order given, until there are enough. SECURITY DEFINER: lexical_search asks it, which has
   checked the grant, and reads no content itself. */
create function literal_hits(target int, candidates text[], needles text[], hints text[], how_many int) returns text[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return array(
    select c.id from unnest(candidates) with ordinality c(id, at)
    cross join lateral (select m.content from memories m where m.namespace_id = target and m.id = c.id offset 0) m
    where holds(m.content, needles, hints, false) limit how_many);
end $$;

/* Whether a memory holds any of the needles; in a filter of lexical_search. */
create function is_excluded(target int, memory text, needles text[], hints text[]) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return (select holds(m.content, needles, hints, true) from memories m where m.namespace_id = target and m.id = memory);
end $$;

/* The words of a text as they were until 0026. */
create function old_lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  return array(
    select distinct lexeme
    from unnest(configs) config, unnest(tsvector_to_array(to_tsvector(config, cut_runs(segment_cjk(left(asked, 10000), true))))) lexeme limit 1000);
end $$;

/* SQL text of the caller's filter over memories m; only predicates that are present appear. `given` is how the statement names the
   filter itself ("$3"): every value is read from there, so none stands in the text, which Postgres writes into its log.
   The metadata filter arrives compiled (resources/memories/jsonpath.ts): {"path": <jsonpath>, "vars": {...}, "equal": pairs of which one
   must be contained, for the index, "asked": [{"at": <jsonpath>, "key": where the
   field is one at the top, "questions": [{"values": [...]} or {"part"}]}], whose answers the path knows as $t}.
   A jsonpath is a pure function of the row's metadata; even a hostile one can only answer yes or no about rows its caller may read.
   needles_none and hints_none: of what no memory may hold (needles, hints); words_none: how its words may tell. */
create or replace function filter_condition(filter jsonb, given text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  condition text; field jsonb; question jsonb; key text; place text; of_elements text; of_value text; answers text;
begin
  -- No query in here: it would cost what a small recall does. concat_ws leaves out nulls.
  condition := concat_ws(' and ', '(m.expires_at is null or m.expires_at > now())',
    case when filter ->> 'min_importance' is not null then format('m.importance >= (%s ->> ''min_importance'')::real', given) end,
    case when filter ->> 'max_importance' is not null then format('m.importance <= (%s ->> ''max_importance'')::real', given) end,
    case when filter ->> 'memory_type' is not null then format('m.memory_type = (%s ->> ''memory_type'')', given) end,
    case when filter ->> 'session_id' is not null then format('m.session_id = (%s ->> ''session_id'')', given) end,
    case when filter ->> 'tags' is not null then format('m.tags @> given_texts(%s -> ''tags'')', given) end,
    case when filter ->> 'tags_any' <> '[]' then format('m.tags && given_texts(%s -> ''tags_any'')', given) end,
    case when filter ->> 'tags_none' is not null then format('not m.tags && given_texts(%s -> ''tags_none'')', given) end,
    case when filter ->> 'author' is not null then format('m.author = (%s ->> ''author'')', given) end,
    case when filter ->> 'ids' is not null then format('m.id = any(given_texts(%s -> ''ids''))', given) end,
    case when filter ->> 'exclude_author' = 'self' then 'm.author is distinct from (select caller_name())'
      when filter ->> 'exclude_author' is not null then format('m.author is distinct from (%s ->> ''exclude_author'')', given) end,
    case when filter ->> 'since' is not null then format('m.created_at >= given_time(%s ->> ''since'')', given) end,
    case when filter ->> 'until' is not null then format('m.created_at < given_time(%s ->> ''until'')', given) end,
    case when filter ->> 'needles_none' is not null then
      case current_user when 'dakera_search' then   -- it sees no content, so it asks; words that are not indexed anew yet tell nothing
        format('not ((%2$s exists (select from old_words o where o.namespace_id = m.namespace_id)) and is_excluded(m.namespace_id, m.id,'
          ' given_texts(%1$s -> ''needles_none''), given_texts(%1$s -> ''hints_none'')))', given,
          case when filter ? 'words_none' then format('exists (select from memory_words x where x.namespace_id = m.namespace_id and x.id = m.id'
            ' and x.ts @@ (%s ->> ''words_none'')::tsquery) or', given) else 'true or' end)
      else format('not holds(m.content, given_texts(%1$s -> ''needles_none''), given_texts(%1$s -> ''hints_none''), true)', given) end end);
  if filter -> 'metadata' is null then return condition; end if;

  for i in 0..coalesce(jsonb_array_length(filter #> '{metadata,equal}'), 0) - 1 loop
    condition := condition || format(' and (m.metadata @> (%1$s #> ''{metadata,equal,%2$s,0}'') or m.metadata @> (%1$s #> ''{metadata,equal,%2$s,1}''))', given, i);
  end loop;

  -- Each field is read once for all that is asked of it; from nine values on, any() looks them up in a table of hashes. A field at the top that
  -- holds no array is answered without a query of its own, which would take most of the time.
  for f in 0..coalesce(jsonb_array_length(filter #> '{metadata,asked}'), 0) - 1 loop
    field := filter #> '{metadata,asked}' -> f;
    key := format('(%s #>> ''{metadata,asked,%s,key}'')', given, f);
    of_elements := null; of_value := null;
    for q in 0..jsonb_array_length(field -> 'questions') - 1 loop
      question := field -> 'questions' -> q;
      if question ? 'part' then
        place := format('(%s #>> ''{metadata,asked,%s,questions,%s,part}'')', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(strpos(said, %s) > 0)', place));
        of_value := concat_ws(', ', of_value, format('strpos(case jsonb_typeof(m.metadata -> %1$s) when ''string'' then m.metadata ->> %1$s end, %2$s) > 0', key, place));
      else
        place := format('any(given_values(%s #> ''{metadata,asked,%s,questions,%s,values}''))', given, f, q);
        of_elements := concat_ws(', ', of_elements, format('bool_or(v = %s)', place));
        of_value := concat_ws(', ', of_value, format('(m.metadata -> %s) = %s', key, place));
      end if;
    end loop;
    of_elements := format('(select to_jsonb(array[%s]) from jsonb_path_query(m.metadata, (%s #>> ''{metadata,asked,%s,at}'')::jsonpath, ''{}'', true) v'
      ' cross join lateral (select case jsonb_typeof(v) when ''string'' then v #>> ''{}'' end as said offset 0) s)', of_elements, given, f);
    answers := concat_ws(', ', answers, case when field ? 'key' then
      format('case jsonb_typeof(m.metadata -> %s) when ''array'' then %s else to_jsonb(array[%s]) end', key, of_elements, of_value) else of_elements end);
  end loop;

  return condition || format(' and jsonb_path_match(m.metadata, (%1$s #>> ''{metadata,path}'')::jsonpath, coalesce(%1$s #> ''{metadata,vars}'', ''{}'')%2$s, true)', given,
    ' || jsonb_build_object(''t'', to_jsonb(array[' || answers || ']))');
end $$;

/* Up to so many pieces of a passage around its hits, the words themselves between ** and **. Parts of compounds are words too. `runs`: what is a hit
   as it is written, where stems tell nothing; `pattern`: what was asked of the scripts without spaces. */
create function marked(passage text, config regconfig, wanted tsquery, runs text[], pattern text, most int) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  apart constant text := '\u0002' || separators() || unspaced_letters(); script constant text := unspaced_letters();
  pieces text[]; hits boolean[]; fragments text[] := '{}'; i int := 1; first int; last int;
begin
  -- In turn what stands between words and a word, as they were written.
  select array_agg(piece[1] order by at) into pieces
  from regexp_matches(parted(translate(passage, E'\1\2', '  ')), case when pattern is null then '' else '(?:' || pattern || ')+|' end
    || '[' || script || ']|[^' || apart || ']+|[' || '\u0002' || separators() || ']+', 'g') with ordinality found(piece, at);
  select array_agg(coalesce(k.is_hit, false) order by at) into hits
  from unnest(pieces) with ordinality p(piece, at) left join (
    select piece, case when piece ~ ('^[' || script || ']') then piece ~ ('^(?:' || pattern || ')+$')
      else coalesce(to_tsvector(config, spaced(folded(piece), true)) @@ wanted, false) or folded(piece) = any(runs) and piece ~ ('[^' || apart || ']') end as is_hit
    from (select distinct unnest(pieces) as piece) d) k using (piece);
  while i <= cardinality(pieces) and cardinality(fragments) < most loop
    first := array_position(hits, true, i);
    exit when first is null;
    first := greatest(i, first - 8);
    last := least(cardinality(pieces), first + 48);
    fragments := fragments || replace(replace((
      select string_agg(case when hits[n] then '**' || pieces[n] || '**' else pieces[n] end, '' order by n) from generate_series(first, last) n), E'**\2**', ''), E'\2', '');
    i := last + 1;
  end loop;
  return fragments;
end $$;

/* Up to three pieces of a content around what was asked for. Of a long one only the passages where a word of it begins are taken apart: all of
   100,000 letters takes a quarter of a second. */
create or replace function highlight(target int, content text, words tsquery[], asked text) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  config text := (select text_config from namespaces where id = target); script constant text := unspaced_letters();
  wanted tsquery; runs text[] := '{}'; pattern text; beginnings text; seen text; place int; behind int := 1; start int; taken int := 0; passage text; fragments text[] := '{}';
begin
  wanted := (select string_agg(word::text, ' | ')::tsquery from unnest(words) word where not starts_with(word::text, '''='));
  if wanted is null then runs := string_to_array(replace(plain(left(asked, 1000)), E'\2', ''), E'\1'); end if;   -- nothing but stop words: The Who
  if config = 'auto' then config := detect_language(left(content, 1000)); end if;
  pattern := (   -- Postgres cuts these scripts into no words: what was asked of them, and every pair of it
    select string_agg(part, '|' order by length(part) desc, part) from (
      select distinct part from regexp_matches(left(asked, 1000), '[' || script || ']+', 'g') run
      cross join lateral string_to_array(run[1], null) letters
      cross join lateral (select run[1] as part union select letter || following from unnest(letters, letters[2:]) pair(letter, following) where following is not null) parts) found);
  if length(content) <= 2000 then return marked(content, config::regconfig, wanted, runs, pattern, 3); end if;

  -- How words may begin that have these stems: letters and digits alone, so nothing in it is a sign of a regular expression.
  beginnings := concat_ws('|', (
    select string_agg(case when length(run) < 4 then '(?:^|[' || separators() || '])' || run else left(run, greatest(3, length(run) - 2)) end, '|') from (
      select distinct left(run, 40) as run from (select ltrim(btrim(word::text, ''''), '=') as run from unnest(words) word union all select unnest(runs)) given
      where run <> '' and run !~ ('[\u0001\u0002' || separators() || script || ']') limit 32) r), pattern);
  if beginnings = '' then return '{}'; end if;
  seen := lower(content collate "default");
  while behind <= length(seen) and taken < 8 and cardinality(fragments) < 3 loop
    place := regexp_instr(substr(seen, behind, 4000), beginnings);   -- in portions, as it finds all places before it gives the first
    if place = 0 then
      behind := behind + 3900;
      continue;
    end if;
    place := behind + place - 1;
    start := greatest(behind, place - 60);
    passage := substr(content, start, 600);
    if start > 1 and strpos(left(passage, 59), ' ') > 0 then passage := substr(passage, strpos(passage, ' ') + 1); end if;   -- not half a word
    fragments := fragments || marked(passage, config::regconfig, wanted, runs, pattern, 1);
    taken := taken + 1;
    behind := place + 540;
  end loop;
  return fragments;
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
  place namespaces; o record; lexical record; w float8; selected text[]; near_ids text[]; exact_only boolean; pulls boolean; names text[]; none text[];
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
    none := needles(given_texts(o.search -> 'none'), given_texts(o.search -> 'none_prefixes'));
    if none <> '{}' then
      filter := coalesce(filter, '{}') || jsonb_strip_nulls(jsonb_build_object('needles_none', none, 'hints_none', hints(none), 'words_none',
        own_words_query(null, given_texts(o.search -> 'none'), given_texts(o.search -> 'none_prefixes'), ' | ', configurations_of(place.id))::text));
    end if;
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
    where (r.exact or relevance > 0 and not exact_only) and relevance * r.factor >= coalesce(o.min_score, 0)
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

revoke all on function unspaced_letters(), unspaced_marks(), signs(), separators(), composed(text), parted(text), folded(text), plain(text), in_pairs(text, boolean),
  spaced(text, boolean), compounds(text), signs_of(text), whole_runs(text), stop_words(regconfig, text, text, tsvector), needles(text[], text[]), hints(text[]), marked(text, regconfig, tsquery, text[], text, int),
  holds(text, text[], text[], boolean), own_words_of(int, regconfig, text), own_beginning(int, regconfig, text), own_words_query(int, text[], text[], text, regconfig[]), literal_hits(int, text[], text[], text[], int),
  is_excluded(int, text, text[], text[]), old_lexemes_of(text, regconfig[]) from public;
grant execute on function own_word(int, text) to dakera_app;   -- recall asks own_words_query
grant execute on function unspaced_letters(), unspaced_marks(), signs(), separators(), composed(text), parted(text), folded(text), plain(text), in_pairs(text, boolean),
  spaced(text, boolean), compounds(text), signs_of(text), whole_runs(text), stop_words(regconfig, text, text, tsvector), needles(text[], text[]), hints(text[]), marked(text, regconfig, tsquery, text[], text, int),
  holds(text, text[], text[], boolean), own_words_of(int, regconfig, text), own_beginning(int, regconfig, text), own_words_query(int, text[], text[], text, regconfig[]),
  old_lexemes_of(text, regconfig[]) to dakera_app, dakera_search;
grant execute on function literal_hits(int, text[], text[], text[], int), is_excluded(int, text, text[], text[]) to dakera_search;
drop function words_query(text[], text[], text, regconfig[]);

-- ── What was indexed before is indexed anew, in turns (jobs/runner.ts) ──

alter table old_words enable row level security;
alter table old_words force row level security;
create policy old_words_owner on old_words to dakera_owner using (true) with check (true);
create policy old_words_search on old_words for select to dakera_search using (true);
grant select on old_words to dakera_search;
insert into old_words (namespace_id) select distinct namespace_id from memory_words;

alter table upkeep drop constraint upkeep_job_check;
alter table upkeep add constraint upkeep_job_check check (job in ('statistics', 'expiry', 'words'));
insert into upkeep (namespace_id, job, is_due) select namespace_id, 'words', true from old_words;

/* Indexes the next memories of a namespace anew; returns how many. The first is waited for while somebody changes it; a further one that is being
   changed ends the portion, as waiting for it with others in hand could be a circle. One with too many words for the new index stays as it is. */
create function renew_words(target int, how_many int) returns int
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set enable_seqscan = off set jit = off as $$
declare
  listed text[] := array(
    select m.id from memories m join old_words o on o.namespace_id = m.namespace_id
    where m.namespace_id = target and m.id > o.after_id order by m.id limit how_many);
  locked text[]; missed text; m record; fresh record; renewed int := 0;
begin
  perform from memories where namespace_id = target and id = listed[1] for share;
  locked := array(select id from memories where namespace_id = target and id = any(listed) order by id for share skip locked);
  missed := (select min(id) from unnest(listed) id where id <> all(locked));
  for m in
    select x.id, x.content, w.ts, w.dl from memories x join memory_words w on w.namespace_id = x.namespace_id and w.id = x.id
    where x.namespace_id = target and x.id = any(locked) and (missed is null or x.id < missed) order by x.id
  loop
    renewed := renewed + 1;
    begin
      fresh := words_of(target, m.content);
    exception when sqlstate 'DK000' or program_limit_exceeded then continue;
    end;
    continue when fresh.ts = m.ts;
    update memory_words set ts = fresh.ts, dl = fresh.dl where namespace_id = target and id = m.id;
    insert into statistics_deltas (namespace_id, sign, positions, vectors, words)
    values (target, -1, m.dl, 0, strip(m.ts)), (target, 1, fresh.dl, 0, strip(fresh.ts));
  end loop;
  update old_words set after_id = coalesce(listed[renewed], after_id), done = done + renewed where namespace_id = target;
  if cardinality(listed) = 0 then delete from old_words where namespace_id = target; end if;
  return renewed;
end $$;

/* One turn of indexing anew. done: how many memories; null when no namespace is due. */
create function renew_next(how_many int, out done int, out failed boolean)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare target int;
begin
  failed := false;
  target := next_turn('words');
  if target is null then return; end if;
  begin
    done := renew_words(target, how_many);
    perform end_turn('words', target, exists (select from old_words where namespace_id = target));
  exception when others or query_canceled then
    done := 0;
    failed := true;
    perform fail_turn('words', target, sqlerrm);
  end;
end $$;

/* How many are left, in all namespaces. */
create function words_left() returns int
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select coalesce(sum(greatest(s.documents - o.done, 0)), 0)::int from old_words o join namespace_statistics s using (namespace_id) $$;

revoke all on function renew_words(int, int), renew_next(int), words_left() from public;
grant execute on function renew_next(int), words_left() to dakera_app;

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

reset role;
revoke create on schema public from dakera_search;   -- dakera_owner keeps it: the vector-index job needs it

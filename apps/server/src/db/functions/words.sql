set role dakera_owner;

/* The letters of Chinese, Japanese and Korean, for the inside of a bracket of a regular expression. */
create or replace function cjk_letters() returns text language sql immutable parallel safe as $$
  select '\u1100-\u11FF\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\uFF66-\uFF9D' $$;
revoke all on function cjk_letters from public;
grant execute on function cjk_letters to dakera_app, dakera_search;

-- ── Text ──

/* A text as it is compared, but for its capitals: composed, wide and narrow forms made alike (NFKC), without what nobody sees (soft hyphens, marks of
   width zero and of direction, the variation of an emoji) and without the vowel marks of Arabic and Hebrew. Accents stay. */
create or replace function composed(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  if octet_length(content) <> length(content) then
    content := translate(regexp_replace(normalize(content, NFKC),
      '[\u00AD\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFE00-\uFE0F\uFEFF]+',
      '', 'g'), E'‘’ʼ‐\u0085\u1680\u2028\u2029', '''''''-    ');
  end if;
  return translate(content, E'\t\n\v\f\r\1\2', '       ');   -- \1 and \2 are marks of our own from here on
end $$;
revoke all on function composed from public;
grant execute on function composed to dakera_app, dakera_search;

/* The compounds of a folded text, each as one: src/db/tx.ts, 2026-11-28, jane.doe@acme.example. */
create or replace function compounds(content text) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare letters constant text := '[^' || separators() || unspaced_letters() || ']+';
begin
  if content !~ '[^ ][-_./:@#&+~=\\%?]+[^ ]' then return '{}'; end if;
  return array(
    select distinct compound[1]
    from regexp_matches(replace(content, E'\2', ''), letters || '(?:[-_./:@#&+~=\\%?]+' || letters || ')+', 'g') compound
    where length(compound[1]) <= 255);
end $$;
revoke all on function compounds from public;
grant execute on function compounds to dakera_app, dakera_search;

/* The text search configurations of a namespace: its own, or with 'auto' those that were detected in its memories so far. */
create or replace function configurations_of(target int) returns regconfig[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare config text := (select text_config from namespaces where id = target);
begin
  if config <> 'auto' then return array[config::regconfig]; end if;
  return array(select language::regconfig from namespace_languages where namespace_id = target);
end $$;
revoke all on function configurations_of from public;
grant execute on function configurations_of to dakera_app, dakera_search;

/* A long run without a space, cut into pieces of 255 by a control character, unless it is one word. At each mark of an address, a path or
   a number Postgres' parser looks ahead to the end of the run and may come back with nothing, so its time grows with the square of a run. */
create or replace function cut_runs(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
  if content !~ '\S{255}' then return content; end if;
  return (
    select string_agg(case when length(run[1]) <= 255 or run[1] ~ '^([[:alnum:]]+|\s+)$' then run[1] else regexp_replace(run[1], '(.{255})', E'\\1\4', 'g') end, '' order by at)
    from regexp_matches(content, '\S+|\s+', 'g') with ordinality runs(run, at));
end $$;
revoke all on function cut_runs from public;
grant execute on function cut_runs to dakera_app, dakera_search;

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
revoke all on function detect_language from public;
grant execute on function detect_language to dakera_app;

/* A text as it is compared, parted. */
create or replace function folded(content text) returns text
language plpgsql immutable strict parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  content := lower(parted(composed(content)) collate "default");   -- a caller may bring the collation of an id, in which Ä stays Ä
  if octet_length(content) = length(content) then return content; end if;
  return replace(replace(content, 'ß', 'ss'), 'ς', 'σ');
end $$;
revoke all on function folded from public;
grant execute on function folded to dakera_app, dakera_search;

-- ── What is indexed ──

/* Runs of the scripts without spaces cut into overlapping pairs, marks left out. A memory is also found by a single letter, so those stand behind the
   pairs; a query asks for them only when it has nothing longer. A run is taken apart once: substr would walk to its place from the start. */
create or replace function in_pairs(content text, for_query boolean) returns text
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
revoke all on function in_pairs from public;
grant execute on function in_pairs to dakera_app, dakera_search;

/* A lexeme as the text of a one-word tsquery. quote_literal would be wrong for backslashes. */
create or replace function lexeme_query(lexeme text) returns text language sql immutable parallel safe as $$
  select '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' $$;
revoke all on function lexeme_query from public;
grant execute on function lexeme_query to dakera_app, dakera_search;

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
revoke all on function lexemes_of from public;
grant execute on function lexemes_of to dakera_app, dakera_search;

/* The words of a text as they were until 0026. */
create or replace function old_lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  return array(
    select distinct lexeme
    from unnest(configs) config, unnest(tsvector_to_array(to_tsvector(config, cut_runs(segment_cjk(left(asked, 10000), true))))) lexeme limit 1000);
end $$;
revoke all on function old_lexemes_of from public;
grant execute on function old_lexemes_of to dakera_app, dakera_search;

/* A beginning of a word as the index knows it. It is cut, as stemming shortens words and changes their last letters: to its first three letters at
   most, none of them one that stemming may change. Null when nothing is left. */
create or replace function own_beginning(target int, config regconfig, beginning text) returns text
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
revoke all on function own_beginning from public;
grant execute on function own_beginning to dakera_app, dakera_search;

/* A word as the index knows it: with the number of its namespace in front, so that looking it up never meets what others store. Beside
   namespace_id in the index it took 1.5 ms to find 2,559 of 100,000 memories, and 0.4 so. The 500 keep it below the longest that a tsvector holds. */
create or replace function own_word(namespace_id int, lexeme text) returns text language sql immutable parallel safe as $$ select left(namespace_id::text || ':' || lexeme, 500) $$;
revoke all on function own_word from public;
grant execute on function own_word to dakera_app, dakera_search;

create or replace function own_words(namespace_id int, ts tsvector) returns tsvector language plpgsql immutable parallel safe cost 1000 set search_path = pg_catalog, public, pg_temp as $$
begin return array_to_tsvector(array(select own_word(namespace_id, lexeme) from unnest(tsvector_to_array(ts)) lexeme)); end $$;
revoke all on function own_words from public;
grant execute on function own_words to dakera_search;

/* The words of a folded text as the index knows them, or without a namespace as a memory's own words, joined by &; null when there are none. */
create or replace function own_words_of(target int, config regconfig, content text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare parsable text := spaced(content, true); stems tsvector := to_tsvector(config, parsable);
begin
  return (
    select string_agg(lexeme_query(coalesce(own_word(target, word), word)), ' & ')
    from unnest(tsvector_to_array(stems) || signs_of(content)
      || case when stems = ''::tsvector then stop_words(config, content, parsable, stems) end) word);
end $$;
revoke all on function own_words_of from public;
grant execute on function own_words_of to dakera_app, dakera_search;

create or replace function own_words_query(target int, texts text[], prefixes text[], operator text, configs regconfig[]) returns tsquery
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
revoke all on function own_words_query from public;
grant execute on function own_words_query to dakera_app, dakera_search;

/* The same with \2 where a compound written as one ends a part: getUserId, HTTPServer, v2, PROJ4711, 5ms. Nothing else is changed, and none of it
   is inside of a run of letters and digits in turn, as in a hash. */
create or replace function parted(content text) returns text
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
revoke all on function parted from public;
grant execute on function parted to dakera_app, dakera_search;

/* A text as what is asked for exactly is looked for in it: its atoms, with \1 before and behind each. An atom is a run of letters or digits, a letter of
   a script without spaces, a sign, or a space, for any number of them. What closes or opens a sentence, a quote or a bracket is left out where a
   space or nothing is beyond it. \2 stays between the parts of a run. */
create or replace function plain(content text) returns text
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
revoke all on function plain from public;
grant execute on function plain to dakera_app, dakera_search;

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
revoke all on function segment_cjk from public;
grant execute on function segment_cjk to dakera_app, dakera_search;

/* What stands between words, signs included. Not \1 and \2, which are marks of our own: composed() leaves none in a text. */
create or replace function separators() returns text language sql immutable parallel safe as $$
  select '\u0003-\u001F !-/:-@[-`{-\u00A9\u00AB-\u00B1\u00B4\u00B6-\u00B8\u00BB-\u00BF\u00D7\u00F7\u037E\u0387\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3'
    || '\u05C6\u05F3\u05F4\u0609-\u060D\u061B-\u061F\u066A-\u066D\u06D4\u0964\u0965\u0970\u0E2F\u0E3F\u0E4F\u0E5A\u0E5B\u104A-\u104F\u10FB'
    || '\u1360-\u1368\u1680\u17D4-\u17D6\u17D8-\u17DB\u2000-\u206F\u207A-\u207E\u208A-\u208E\u20A0-\u20CF\u2100-\u214F\u2190-\u2BFF'
    || '\u2E00-\u2E7F\u3000-\u3004\u3008-\u3020\u3030\u303D\u30A0\u30FB\uFD3E\uFD3F\uFE10-\uFE19\uFE30-\uFE6F\U0001F000-\U0001FAFF' $$;
revoke all on function separators from public;
grant execute on function separators to dakera_app, dakera_search;

/* Signs that are looked for by themselves: money, arrows, mathematics, emoji. */
create or replace function signs() returns text language sql immutable parallel safe as $$
  select '\u20A0-\u20CF\u2190-\u2BFF\U0001F000-\U0001FAFF' $$;
revoke all on function signs from public;
grant execute on function signs to dakera_app, dakera_search;

create or replace function signs_of(content text) returns text[]
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  if content !~ ('[' || signs() || ']') then return '{}'; end if;
  return array(select distinct sign[1] from regexp_matches(content, '[' || signs() || ']', 'g') sign);
end $$;
revoke all on function signs_of from public;
grant execute on function signs_of to dakera_app, dakera_search;

/* A folded text as Postgres' parser gets it: words and numbers between spaces, nothing else. Of a word that is too long for it, the beginning. */
create or replace function spaced(content text, for_query boolean) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
begin
  content := in_pairs(regexp_replace(content, '[\u0002' || separators() || ']+', ' ', 'g'), for_query);
  if length(content) <= 500 or content !~ '[^ ]{250}[^ ]{250}' then return content; end if;
  return (
    select string_agg(case when octet_length(word) <= 2046 then word else left(word, 500) end, ' ' order by at)
    from string_to_table(content, ' ') with ordinality words(word, at));
end $$;
revoke all on function spaced from public;
grant execute on function spaced to dakera_app, dakera_search;

/* Words of a folded text that a configuration leaves out, as they are looked for when they are asked for exactly: =the. `parsable`: the same text,
   spaced; `stems`: what was not left out. No script without spaces has any, and a long run has very many pairs. */
create or replace function stop_words(config regconfig, content text, parsable text, stems tsvector) returns text[]
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
revoke all on function stop_words from public;
grant execute on function stop_words to dakera_app, dakera_search;

-- ── Letters ── each for the inside of a bracket of a regular expression. Named one by one, as what Postgres takes for a letter
-- differs between locales. What is in no list is a letter.

/* Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese: scripts that put no space between words. */
create or replace function unspaced_letters() returns text language sql immutable parallel safe as $$
  select '\u0E01-\u0E2E\u0E30-\u0E3A\u0E40-\u0E4E\u0E81-\u0EDF\u1000-\u103F\u1050-\u109F\u1100-\u11FF\u1780-\u17D3\u17D7\u17DC-\u17DD'
    || '\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F'
    || '\uA9E0-\uA9FE\uAA60-\uAA7F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9D\U00020000-\U0003FFFF' $$;
revoke all on function unspaced_letters from public;
grant execute on function unspaced_letters to dakera_app, dakera_search;

/* Vowels and tones that stand on a letter of these scripts. Postgres' parser breaks a word at some of them. */
create or replace function unspaced_marks() returns text language sql immutable parallel safe as $$
  select '\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u102B-\u103E\u1056-\u1059\u105E-\u1060\u1062-\u1064\u1067-\u106D'
    || '\u1071-\u1074\u1082-\u108D\u108F\u109A-\u109D\u17B4-\u17D3\u17DD\u3099\u309A\uAA7B-\uAA7D' $$;
revoke all on function unspaced_marks from public;
grant execute on function unspaced_marks to dakera_app, dakera_search;

/* The runs of a folded text that have parts, whole: getuserid, v2. */
create or replace function whole_runs(content text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare letter constant text := '[^' || separators() || unspaced_letters() || ']*';
begin
  if strpos(content, E'\2') = 0 then return ''; end if;
  return (select string_agg(replace(run[1], E'\2', ''), ' ') from regexp_matches(content, letter || '\u0002' || letter, 'g') run);
end $$;
revoke all on function whole_runs from public;
grant execute on function whole_runs to dakera_app, dakera_search;

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
revoke all on function words_of from public;

reset role;

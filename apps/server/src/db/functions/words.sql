-- Words: what is indexed of a text, and what a query looks up. Our own segmentation comes before Postgres' text
-- search, so that words are found as a person sees them (docs/decisions/0029).
--   content → normalize_text → mark_compounds → lower case            together: fold_text
--   folded text → parser_text → to_tsvector                            the stems, with their positions
--   beside them, without positions: compounds, symbols, stop words     what an exact search looks up
-- Two control characters are marks of ours: \1 separates the atoms of a literal form, \2 the parts of a compound.
set role dakera_owner;

-- ── Letters: each for the inside of a bracket of a regular expression ──
-- They are listed one by one, since what Postgres takes for a letter differs between locales. A character that is in
-- no list is a letter.

-- Returns the letters of Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese, which put no space between words.
create or replace function unspaced_letters() returns text
language sql immutable parallel safe
as $$
  select '\u0E01-\u0E2E\u0E30-\u0E3A\u0E40-\u0E4E\u0E81-\u0EDF\u1000-\u103F\u1050-\u109F\u1100-\u11FF'
    || '\u1780-\u17D3\u17D7\u17DC-\u17DD\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u318F'
    || '\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uA9E0-\uA9FE\uAA60-\uAA7F'
    || '\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFF9D\U00020000-\U0003FFFF'
$$;
revoke all on function unspaced_letters from public;
grant execute on function unspaced_letters to dakera_app, dakera_search;

-- Returns the vowels and tones that are marks on a letter of these scripts. Postgres' parser breaks a word at some of
-- them.
create or replace function unspaced_marks() returns text
language sql immutable parallel safe
as $$
  select '\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u102B-\u103E\u1056-\u1059\u105E-\u1060'
    || '\u1062-\u1064\u1067-\u106D\u1071-\u1074\u1082-\u108D\u108F\u109A-\u109D\u17B4-\u17D3\u17DD\u3099\u309A'
    || '\uAA7B-\uAA7D'
$$;
revoke all on function unspaced_marks from public;
grant execute on function unspaced_marks to dakera_app, dakera_search;

-- Returns the characters between words, symbols included, and without \1 and \2.
create or replace function separators() returns text
language sql immutable parallel safe
as $$
  select '\u0003-\u001F !-/:-@[-`{-\u00A9\u00AB-\u00B1\u00B4\u00B6-\u00B8\u00BB-\u00BF\u00D7\u00F7\u037E\u0387'
    || '\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3\u05C6\u05F3\u05F4\u0609-\u060D\u061B-\u061F\u066A-\u066D'
    || '\u06D4\u0964\u0965\u0970\u0E2F\u0E3F\u0E4F\u0E5A\u0E5B\u104A-\u104F\u10FB\u1360-\u1368\u1680\u17D4-\u17D6'
    || '\u17D8-\u17DB\u2000-\u206F\u207A-\u207E\u208A-\u208E\u20A0-\u20CF\u2100-\u214F\u2190-\u2BFF\u2E00-\u2E7F'
    || '\u3000-\u3004\u3008-\u3020\u3030\u303D\u30A0\u30FB\uFD3E\uFD3F\uFE10-\uFE19\uFE30-\uFE6F\U0001F000-\U0001FAFF'
$$;
revoke all on function separators from public;
grant execute on function separators to dakera_app, dakera_search;

-- Returns the separators that can be searched for themselves: currencies, arrows, mathematics, emoji.
create or replace function symbols() returns text
language sql immutable parallel safe
as $$
  select '\u20A0-\u20CF\u2190-\u2BFF\U0001F000-\U0001FAFF'
$$;
revoke all on function symbols from public;
grant execute on function symbols to dakera_app, dakera_search;

-- ── Text ──

-- Returns a text in the form that is compared, apart from its case: composed, with wide and narrow forms made equal
-- (NFKC), without invisible characters (soft hyphens, marks of zero width and of direction, variations of emoji) and
-- without the vowel marks of Arabic and Hebrew. Accents stay.
create or replace function normalize_text(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if octet_length(content) <> length(content) then
    content := translate(
      regexp_replace(
        normalize(content, NFKC),
        '[\u00AD\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670'
          '\u06D6-\u06DC\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFE00-\uFE0F\uFEFF]+',
        '',
        'g'),
      E'‘’ʼ‐\u0085\u1680\u2028\u2029',
      '''''''-    ');
  end if;
  return translate(content, E'\t\n\v\f\r\1\2', '       ');   -- from here on \1 and \2 are our own marks
end $$;
revoke all on function normalize_text from public;
grant execute on function normalize_text to dakera_app, dakera_search;

-- Returns the text with \2 between the parts of compounds that are written as one: getUserId, HTTPServer, v2,
-- PROJ4711, 5ms. Nothing else changes, and no mark is set inside a run in which letters and digits alternate, such as
-- a hash.
create or replace function mark_compounds(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  small constant text := 'a-zß-öø-ÿα-ωа-яѐ-џ';
  big constant text := 'A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЀ-Џ';
  apart constant text := '\u0002' || separators() || unspaced_letters();
  before_run text;
  after_run text;
begin
  if content ~ ('[' || small || '][' || big || ']|[' || big || '][' || big || '][' || small || ']') then
    content := regexp_replace(content, '([' || small || '])([' || big || '])', E'\\1\2\\2', 'g');
    content := regexp_replace(content, '([' || big || '])([' || big || '][' || small || '])', E'\\1\2\\2', 'g');
  end if;
  if content ~ ('[0-9][^0-9' || apart || ']|[^0-9' || apart || '][0-9]') then
    before_run := '(^|[' || apart || '])';
    after_run := '(?=[' || apart || ']|$)';
    content := regexp_replace(   -- a date with a time
      content, before_run || '([0-9]{2,8})T([0-9]{2,6}Z?)' || after_run, E'\\1\\2\2T\2\\3', 'g');
    content := regexp_replace(
      content, before_run || '([^0-9' || apart || ']+)([0-9]+)' || after_run, E'\\1\\2\2\\3', 'g');
    content := regexp_replace(
      content, before_run || '([0-9]+)([^0-9' || apart || ']+)' || after_run, E'\\1\\2\2\\3', 'g');
  end if;
  return content;
end $$;
revoke all on function mark_compounds from public;
grant execute on function mark_compounds to dakera_app, dakera_search;

-- Returns the folded text: normalized, with marked compounds, in lower case.
create or replace function fold_text(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- The collation: a caller may pass a text with the collation of an id, in which Ä stays Ä.
  content := lower(mark_compounds(normalize_text(content)) collate "default");
  if octet_length(content) = length(content) then
    return content;
  end if;
  return replace(replace(content, 'ß', 'ss'), 'ς', 'σ');
end $$;
revoke all on function fold_text from public;
grant execute on function fold_text to dakera_app, dakera_search;

-- Returns the literal form of a text, in which an exact search looks for its needles: the atoms of the folded text,
-- each between two \1. An atom is a run of letters or digits, a letter of a script without spaces, a symbol, or any
-- number of spaces. Characters that open or close a sentence, a quotation or a bracket are left out next to a space
-- or at the ends.
-- \2 stays between the parts of a run.
create or replace function literal_form(content text) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  whole text := fold_text(content);
begin
  whole := regexp_replace(whole, '[]\u0022''.,;:!?)}»”“。،؛؟।]+( |$)', '\1', 'g');
  whole := regexp_replace(whole, '(^| )[[\u0022''({«“„]+', '\1', 'g');
  if strpos(whole, '  ') > 0 then
    whole := regexp_replace(whole, '  +', ' ', 'g');
  end if;
  whole := btrim(whole);
  if whole = '' then
    return '';
  end if;
  whole := regexp_replace(whole, '([' || replace(separators(), ' ', '') || unspaced_letters() || '])', E'\1\\1\1', 'g');
  return replace(E'\1' || replace(whole, ' ', E'\1 \1') || E'\1', E'\1\1', E'\1');
end $$;
revoke all on function literal_form from public;
grant execute on function literal_form to dakera_app, dakera_search;

-- ── What is indexed ──

-- Returns the text with the runs of scripts without spaces cut into overlapping pairs, and without their marks. A
-- memory can also be found by a single letter, so the letters follow the pairs; a query has them only if a run is one
-- letter long.
-- A run is split once into an array, since substr() would walk to each place from the start.
create or replace function cut_into_pairs(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  script constant text := unspaced_letters();
begin
  if content !~ ('[' || script || ']') then
    return content;
  end if;
  return (
    select string_agg(
      case
        when part[1] !~ ('^[' || script || ']') then part[1]
        else concat_ws(
          ' ',
          '',
          (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
          case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
          '')
      end,
      ''
      order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(
      regexp_replace(part[1], '[' || unspaced_marks() || ']+', '', 'g'),
      null) letters);
end $$;
revoke all on function cut_into_pairs from public;
grant execute on function cut_into_pairs to dakera_app, dakera_search;

-- Returns a folded text in the form that Postgres' parser reads: words and numbers between spaces, and nothing else.
-- A word that is too long for the parser is cut.
create or replace function parser_text(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  content := cut_into_pairs(regexp_replace(content, '[\u0002' || separators() || ']+', ' ', 'g'), for_query);
  if length(content) <= 500 or content !~ '[^ ]{250}[^ ]{250}' then
    return content;
  end if;
  return (
    select string_agg(case when octet_length(word) <= 2046 then word else left(word, 500) end, ' ' order by at)
    from string_to_table(content, ' ') with ordinality words(word, at));
end $$;
revoke all on function parser_text from public;
grant execute on function parser_text to dakera_app, dakera_search;

-- Returns the compounds of a folded text that are written as one, joined again: getuserid, v2.
create or replace function joined_compounds(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letter constant text := '[^' || separators() || unspaced_letters() || ']*';
begin
  if strpos(content, E'\2') = 0 then
    return '';
  end if;
  return (
    select string_agg(replace(run[1], E'\2', ''), ' ')
    from regexp_matches(content, letter || '\u0002' || letter, 'g') run);
end $$;
revoke all on function joined_compounds from public;
grant execute on function joined_compounds to dakera_app, dakera_search;

-- Returns the compounds of a folded text that are written with punctuation, each as one lexeme: src/db/tx.ts,
-- 2026-11-28, jane.doe@acme.example.
create or replace function compound_lexemes(content text) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letters constant text := '[^' || separators() || unspaced_letters() || ']+';
begin
  if content !~ '[^ ][-_./:@#&+~=\\%?]+[^ ]' then
    return '{}';
  end if;
  return array(
    select distinct compound[1]
    from regexp_matches(
      replace(content, E'\2', ''),
      letters || '(?:[-_./:@#&+~=\\%?]+' || letters || ')+',
      'g') compound
    where length(compound[1]) <= 255);
end $$;
revoke all on function compound_lexemes from public;
grant execute on function compound_lexemes to dakera_app, dakera_search;

-- Returns the symbols of a text.
create or replace function symbols_of(content text) returns text[]
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  if content !~ ('[' || symbols() || ']') then
    return '{}';
  end if;
  return array(select distinct symbol[1] from regexp_matches(content, '[' || symbols() || ']', 'g') symbol);
end $$;
revoke all on function symbols_of from public;
grant execute on function symbols_of to dakera_app, dakera_search;

-- Returns the words of a folded text that a configuration ignores, as an exact search looks them up: =the. parsable:
-- the parser_text() of the same text; stems: its lexemes without the ignored words. Scripts without spaces have no
-- stop words and are removed first, as a long run has very many pairs.
create or replace function stop_words(config regconfig, content text, parsable text, stems tsvector) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  unstemmed text[];
begin
  if config = 'simple'::regconfig then
    return '{}';
  end if;
  if content ~ ('[' || unspaced_letters() || ']') then
    parsable := parser_text(regexp_replace(content, '[' || unspaced_letters() || ']+', ' ', 'g'), false);
  end if;
  unstemmed := array(
    select word
    from (
      select unnest(tsvector_to_array(to_tsvector('simple', parsable))) as word
      except
      select unnest(tsvector_to_array(stems))
    ) w
    where length(word) <= 20 and word ~ '^[[:alpha:]]+$'
    order by length(word), word
    limit 16000);
  -- Each is one word to the parser, so an ignored one leaves a gap in the positions.
  return array(
    select '=' || word
    from unnest(unstemmed) with ordinality w(word, place)
    where place not in (select unnest(positions) from unnest(to_tsvector(config, array_to_string(unstemmed, ' ')))));
end $$;
revoke all on function stop_words from public;
grant execute on function stop_words to dakera_app, dakera_search;

-- Returns the language of a text: the one of which its beginning has the most stop words; English if it has none, as
-- in a single name or number.
create or replace function detect_language(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  languages constant text[] := '{english,german,french,spanish,italian,portuguese,dutch,danish,swedish,norwegian,'
    'finnish,hungarian,russian,turkish,nepali}';
  beginning text := cut_runs(left(content, 4000));
  words int := (select coalesce(sum(cardinality(positions)), 0) from unnest(to_tsvector('simple', beginning)));
begin
  return coalesce(
    (
      select language
      from unnest(languages) with ordinality known(language, preference)
      cross join lateral (
        select words - coalesce(sum(cardinality(positions)), 0) as dropped
        from unnest(to_tsvector(language::regconfig, beginning))
      ) stop_words
      where dropped > 0
      order by dropped desc, preference
      limit 1
    ), 'english');
end $$;
revoke all on function detect_language from public;
grant execute on function detect_language to dakera_app;

-- Returns the text search configurations of a namespace: its own; or, if it is 'auto', those that were detected in
-- its memories so far.
create or replace function configurations_of(target int) returns regconfig[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
begin
  if config <> 'auto' then
    return array[config::regconfig];
  end if;
  return array(select language::regconfig from namespace_languages where namespace_id = target);
end $$;
revoke all on function configurations_of from public;
grant execute on function configurations_of to dakera_app, dakera_search;

-- Returns what is indexed of a content, and its length: the stems with their positions, and without a position the
-- other lexemes by which it can be found. With 'auto' it records the language. Security definer: the trigger calls it
-- for callers who may not read the namespace.
create or replace function words_of(target int, content text, out ts tsvector, out dl int)
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  config text := (select text_config from namespaces where id = target);
  whole text := fold_text(content);
  parsable text := parser_text(whole, false);
begin
  if config = 'auto' then
    config := detect_language(content);
    insert into namespace_languages values (target, config) on conflict do nothing;
  end if;
  ts := to_tsvector(config::regconfig, parsable);
  if length(ts) > 60000 then
    perform raise_api_error(
      'INVALID_REQUEST',
      'content: it has more than 60000 distinct words. Split it into several memories.');
  end if;
  dl := (select coalesce(sum(cardinality(positions)), 0) from unnest(ts));
  if strpos(whole, E'\2') > 0 then
    ts := ts || strip(to_tsvector(config::regconfig, parser_text(joined_compounds(whole), false)));
  end if;
  ts := ts || array_to_tsvector(
    compound_lexemes(whole)
    || symbols_of(whole)
    || stop_words(config::regconfig, whole, parsable, ts));
end $$;
revoke all on function words_of from public;

-- Returns a lexeme as the index contains it: after the number of its namespace, so that a look-up never visits what
-- others store. With namespace_id as a column of the index it took 1.5 ms to find 2,559 of 100,000 memories, and 0.4
-- this way. 500 letters keep it below the longest lexeme of a tsvector.
-- The index memory_words_idx uses this function and the next: if their results change, that index must be rebuilt.
create or replace function namespaced_lexeme(namespace_id int, lexeme text) returns text
language sql immutable parallel safe
as $$
  select left(namespace_id::text || ':' || lexeme, 500)
$$;
revoke all on function namespaced_lexeme from public;
grant execute on function namespaced_lexeme to dakera_app, dakera_search;

-- Returns the lexemes of a memory as the index contains them.
create or replace function namespaced_lexemes(namespace_id int, ts tsvector) returns tsvector
language plpgsql immutable parallel safe cost 1000
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array_to_tsvector(array(
    select namespaced_lexeme(namespace_id, lexeme)
    from unnest(tsvector_to_array(ts)) lexeme));
end $$;
revoke all on function namespaced_lexemes from public;
grant execute on function namespaced_lexemes to dakera_search;

-- ── What a query looks up ──

-- Returns a lexeme as the text of a tsquery of one word. quote_literal() would be wrong for backslashes.
create or replace function lexeme_query(lexeme text) returns text
language sql immutable parallel safe
as $$
  select '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''''
$$;
revoke all on function lexeme_query from public;
grant execute on function lexeme_query to dakera_app, dakera_search;

-- Returns the distinct lexemes of a query, at most the first 1000.
create or replace function lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  whole text := fold_text(asked);
  parsable text := parser_text(whole, true);
  beside text[] := compound_lexemes(whole) || symbols_of(whole);
  words tsvector;
  runs text := case when strpos(whole, E'\2') > 0 then parser_text(joined_compounds(whole), true) end;
begin
  if cardinality(configs) = 1 then
    words := to_tsvector(configs[1], parsable);
    if runs is not null then
      words := words || strip(to_tsvector(configs[1], runs));
    end if;
    if beside <> '{}' then
      words := words || array_to_tsvector(beside);
    end if;
    if length(words) <= 1000 then
      return tsvector_to_array(words);
    end if;
  end if;
  return array(
    select lexeme
    from (
      select lexeme, positions[1] as place
      from unnest(configs) config
      cross join lateral unnest(to_tsvector(config, parsable)) word(lexeme, positions, weights)
      union all
      select lexeme, 0
      from unnest(configs) config
      cross join lateral unnest(tsvector_to_array(to_tsvector(config, runs))) lexeme
      union all
      select compound, 0 from unnest(beside) compound
    ) words
    group by lexeme
    order by min(place), lexeme
    limit 1000);
end $$;
revoke all on function lexemes_of from public;
grant execute on function lexemes_of to dakera_app, dakera_search;

-- Returns the words of a folded text joined by &, as the text of a tsquery for the index; without a namespace, for
-- the words of a single memory. Null if there are none.
create or replace function all_words_query(target int, config regconfig, content text) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  parsable text := parser_text(content, true);
  stems tsvector := to_tsvector(config, parsable);
begin
  return (
    select string_agg(lexeme_query(coalesce(namespaced_lexeme(target, word), word)), ' & ')
    from unnest(
      tsvector_to_array(stems)
      || symbols_of(content)
      || case when stems = ''::tsvector then stop_words(config, content, parsable, stems) end) word);
end $$;
revoke all on function all_words_query from public;
grant execute on function all_words_query to dakera_app, dakera_search;

-- Returns the text of a tsquery for the beginning of a word. Stemming shortens words and changes their last letters,
-- so the beginning is cut to at most three letters that stemming leaves alone. Null if none are left.
create or replace function prefix_query(target int, config regconfig, beginning text) returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  kept text := beginning;
begin
  if config <> 'simple'::regconfig and beginning !~ '[0-9]' then   -- a word with a digit is not stemmed
    kept := substring(beginning from '^[^\u0080-\u024Fё][^\u0080-\u024Fёijy]{0,2}');
    if substr(kept, 3, 1) = substr(kept, 2, 1) then
      kept := left(kept, 2);   -- "added" has the stem "ad"
    end if;
  end if;
  return concat_ws(
    ' | ',
    lexeme_query(coalesce(namespaced_lexeme(target, kept), kept)) || ':*',
    lexeme_query(coalesce(namespaced_lexeme(target, '=' || kept), '=' || kept)) || ':*',
    -- "ads" has the stem "ad", which is shorter than the beginning.
    case when kept is not null then '(' || all_words_query(target, config, beginning) || ')' end);
end $$;
revoke all on function prefix_query from public;
grant execute on function prefix_query to dakera_app, dakera_search;

-- Returns the query that lets every memory through which contains these texts and beginnings of words, joined by the
-- operator, in any of the configurations; whether it contains them literally is checked in the content itself. Null
-- if the index cannot decide: every memory has to be checked.
create or replace function namespaced_query(
  target int,
  texts text[],
  prefixes text[],
  operator text,
  configs regconfig[]
) returns tsquery
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letters constant text := '[^\u0002' || separators() || unspaced_letters() || ']+$';
  wanted tsquery;
  config regconfig;
  asked record;
  form text;
  begun text;
  part text;
  all_parts text;
begin
  -- The server has counted them too.
  if (
    select sum(regexp_count(parser_text(fold_text(text), true), '[^ ]+'))
    from unnest(texts || prefixes) text
  ) > 512 then
    perform raise_api_error(
      'INVALID_REQUEST',
      'query: it has too many words for a search. Leave some out, or use recall.');
  end if;
  foreach config in array configs loop
    all_parts := null;
    for asked in
      select fold_text(text) as text, false as begins from unnest(texts) text
      union all
      select fold_text(text), true from unnest(prefixes) text
    loop
      part := null;
      foreach form in array case
        when strpos(asked.text, E'\2') = 0 then array[asked.text]
        else array[replace(asked.text, E'\2', ' '), replace(asked.text, E'\2', '')]
      end loop
        begun := case when asked.begins then substring(form from letters) end;
        form := concat_ws(
          ' & ',
          all_words_query(target, config, left(form, length(form) - coalesce(length(begun), 0))),
          '(' || nullif(prefix_query(target, config, begun), '') || ')');
        part := concat_ws(' | ', nullif(part, ''), '(' || nullif(form, '') || ')');
      end loop;
      if coalesce(part, '') = '' and operator = ' | ' then
        return null;
      end if;
      all_parts := concat_ws(operator, nullif(all_parts, ''), '(' || nullif(part, '') || ')');
    end loop;
    if all_parts = '' then
      return null;
    end if;
    wanted := coalesce(wanted || all_parts::tsquery, all_parts::tsquery);
  end loop;
  return wanted;
end $$;
revoke all on function namespaced_query from public;
grant execute on function namespaced_query to dakera_app, dakera_search;

-- ── Words as they were before 0026: for memories that upkeep.sql has not indexed again ──

-- Returns the letters of Chinese, Japanese and Korean, for the inside of a bracket of a regular expression.
create or replace function cjk_letters() returns text
language sql immutable parallel safe
as $$
  select '\u1100-\u11FF\u3040-\u30FF\u3130-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF'
    || '\uFF66-\uFF9D'
$$;
revoke all on function cjk_letters from public;
grant execute on function cjk_letters to dakera_app, dakera_search;

-- Returns the text with Chinese, Japanese and Korean runs cut into overlapping pairs, as cut_into_pairs() does today.
create or replace function segment_cjk(content text, for_query boolean) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  script constant text := cjk_letters();
begin
  if content !~ ('[' || script || ']') then
    return content;
  end if;
  return (
    select string_agg(
      case
        when part[1] !~ ('^[' || script || ']') then part[1]
        else concat_ws(
          ' ',
          '',
          (select string_agg(letter || following, ' ') from unnest(letters, letters[2:]) pair(letter, following)),
          case when not for_query or cardinality(letters) = 1 then array_to_string(letters, ' ') end,
          '')
      end,
      ''
      order by at)
    from regexp_matches(content, '[' || script || ']+|[^' || script || ']+', 'g') with ordinality parts(part, at)
    cross join lateral string_to_array(part[1], null) letters);
end $$;
revoke all on function segment_cjk from public;
grant execute on function segment_cjk to dakera_app, dakera_search;

-- Returns the text with a control character after each 255 characters of a long run without spaces, unless the run is
-- one word. At each punctuation mark of an address, a path or a number, Postgres' parser looks ahead to the end of
-- the run and may come back with nothing, so its time grows with the square of the length of a run.
create or replace function cut_runs(content text) returns text
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  if content !~ '\S{255}' then
    return content;
  end if;
  return (
    select string_agg(
      case
        when length(run[1]) <= 255 or run[1] ~ '^([[:alnum:]]+|\s+)$' then run[1]
        else regexp_replace(run[1], '(.{255})', E'\\1\4', 'g')
      end,
      ''
      order by at)
    from regexp_matches(content, '\S+|\s+', 'g') with ordinality runs(run, at));
end $$;
revoke all on function cut_runs from public;
grant execute on function cut_runs to dakera_app, dakera_search;

-- Returns the lexemes of a query as they were.
create or replace function old_lexemes_of(asked text, configs regconfig[]) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
begin
  return array(
    select distinct lexeme
    from unnest(configs) config,
      unnest(tsvector_to_array(to_tsvector(config, cut_runs(segment_cjk(left(asked, 10000), true))))) lexeme
    limit 1000);
end $$;
revoke all on function old_lexemes_of from public;
grant execute on function old_lexemes_of to dakera_app, dakera_search;

reset role;

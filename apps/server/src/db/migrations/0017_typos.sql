-- In place of other_words of 0014. Words that look alike are found in half the time: each known word is compared once, and only those that are alike are collected.
grant create on schema public to dakera_search;   -- until the end of this file
set role dakera_search;

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
      and not exists (select from term_statistics t where t.namespace_id = target and t.term = l collate "C") and not exists (select from fresh f where f.word = l collate "C"))
  select near.word, near.likeness::float8, u.word from unknown u cross join lateral (
    select k.word, k.likeness from (   -- "offset 0": likeness is computed here, once
      select t.term as word, similarity(t.term, u.word) as likeness from term_statistics t
      where t.namespace_id = target and length(t.term) between length(u.word) - 2 and length(u.word) + 2 offset 0) k
    where k.likeness >= 0.3
    union
    select f.word, similarity(f.word, u.word) from fresh f
    where length(f.word) between length(u.word) - 2 and length(u.word) + 2 and similarity(f.word, u.word) >= 0.3
    order by 2 desc, 1 limit 3) near
  union all
  select begun.word, 1, p from unnest(prefixes) p cross join lateral (
    (select t.term as word from term_statistics t where t.namespace_id = target and t.term >= p collate "C" and t.term < (p || chr(1114111)) collate "C" limit 16)
    union (select f.word from fresh f where starts_with(f.word, p) limit 16)) begun;
end $$;

reset role;
revoke create on schema public from dakera_search;   -- dakera_owner keeps it: the vector-index job needs it

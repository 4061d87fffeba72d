-- What is done in portions costs as much as its portion: a reply is measured as it is sent, a delta of statistics is
-- split once, and jobs look at what they found and not at all there is.
set role dakera_owner;

/* What a memory takes in a reply, about: as JSON, where a control character takes six bytes. */
create or replace function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint language sql stable parallel safe as $$
  select 400 + octet_length(to_json(content)::text) + octet_length(metadata::text)::bigint + octet_length(to_json(tags)::text) $$;

/* Folds a namespace's oldest deltas into the base, up to so many of their words. A delta that does not fit keeps its
   remaining words and still counts as a memory, so base and deltas add up to the same at any moment. A quarter of it
   goes in any case: what remains is written anew each time, and so three times its words in all, however small the
   portions. deltas: how many are gone. more: whether any are left. */
create or replace function merge_portion(target int, most_words int, out deltas int, out more boolean)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp set enable_seqscan = off set jit = off as $$
declare
  waiting record; whole bigint[] := '{}'; room int := most_words; vanished text[];
  cut bigint; cut_sign int; cut_words text[];   -- the delta that does not fit
begin
  more := false;
  for waiting in select id, sign, words from statistics_deltas where namespace_id = target order by id loop
    more := room <= 0;
    exit when more;
    if length(waiting.words) > room then
      cut := waiting.id;
      cut_sign := waiting.sign;
      cut_words := tsvector_to_array(waiting.words);
      room := greatest(room, length(waiting.words) / 4);
      more := true;
      exit;
    end if;
    whole := whole || waiting.id;
    room := room - length(waiting.words) - 10;   -- a delta costs as much as ten words beside its own
  end loop;
  deltas := cardinality(whole);

  with taken as materialized (
    delete from statistics_deltas where namespace_id = target and id = any(whole)
    returning sign, positions, vectors, words),
  totals as (
    insert into namespace_statistics as s (namespace_id, documents, positions, vectors)
    select target, sum(sign), sum(sign * positions), sum(sign * vectors) from taken having count(*) > 0
    on conflict (namespace_id) do update set documents = s.documents + excluded.documents,
      positions = s.positions + excluded.positions, vectors = s.vectors + excluded.vectors),
  terms as (
    insert into term_statistics as s (namespace_id, term, documents)
    select target, term, sum(sign) from (
      select term, sign from taken, unnest(tsvector_to_array(words)) term
      union all select term, cut_sign from unnest(cut_words[:room]) term) t
    group by term having sum(sign) <> 0
    on conflict (namespace_id, term) do update set documents = s.documents + excluded.documents
    returning term, documents)
  select array_agg(term) into vanished from terms where documents = 0;
  if cut is not null then
    update statistics_deltas set words = array_to_tsvector(cut_words[room + 1:])
    where namespace_id = target and id = cut;
  end if;
  if vanished is not null then
    delete from term_statistics where namespace_id = target and term = any(vanished) and documents = 0;
  end if;
end $$;

reset role;

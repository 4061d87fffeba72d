-- What is done in portions costs as much as its portion: a reply is measured as it is sent, a delta of statistics is
-- split once, and jobs look at what they found and not at all there is.
set role dakera_owner;

/* What a memory takes in a reply, about: as JSON, where a control character takes six bytes. */
create or replace function reply_bytes(content text, metadata jsonb, tags text[]) returns bigint language sql stable parallel safe as $$
  select 400 + octet_length(to_json(content)::text) + octet_length(metadata::text)::bigint + octet_length(to_json(tags)::text) $$;

reset role;

set role dakera_owner;

create table namespaces (
  id          int generated always as identity primary key,
  name        text not null unique,
  description text,
  dimension   int not null default 256 check (dimension between 1 and 4000),   -- of vectors that callers supply; the embedder's own is in embedding_space
  text_config text not null default 'english',    -- a text search configuration, or 'auto': of each memory its own. Text, because pg_upgrade refuses regconfig columns
  weights     jsonb not null default '{}',        -- this namespace's own defaults for recall
  metadata    jsonb not null default '{}',
  policy      jsonb not null default '{}',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table keys (
  id          text collate "C" primary key,
  name        text not null,
  is_admin    boolean not null default false,
  active      boolean not null default true,
  expires_at  timestamptz,
  created_at  timestamptz not null default now()
);

-- SHA-256 of each secret that opens a key; the secret itself is never stored. A rotation with grace leaves two for a while.
create table key_secrets (
  secret_hash bytea primary key check (length(secret_hash) = 32),
  key_id      text collate "C" not null references keys on delete cascade,
  expires_at  timestamptz
);
create index key_secrets_key_id_idx on key_secrets (key_id);

-- By name: a grant may name a namespace that does not exist yet. Deleting a namespace deletes the grants on its name.
create table grants (
  key_id      text collate "C" not null references keys on delete cascade,
  namespace   text not null,
  can_read    boolean not null,
  can_write   boolean not null,
  primary key (key_id, namespace),
  check (can_read or can_write)
);
create index grants_namespace_idx on grants (namespace);

-- What the first of several equal writes answered, for a day. A reply that could hold a secret or a content is sealed by the server.
create table replies (
  secret_hash     bytea not null references key_secrets on delete cascade,
  idempotency_key text collate "C" not null,
  fingerprint     bytea not null,                 -- of the request: the same key with another request is a mistake
  outcome         jsonb,
  created_at      timestamptz not null default now(),
  primary key (secret_hash, idempotency_key)
);
create index replies_created_at_idx on replies (created_at);

-- Time-ordered, so that new rows land on one page of the primary key: 'mem_', 14 hex digits of microseconds, 16 of chance.
create function new_memory_id() returns text language sql volatile parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'mem_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint), 14, '0')
      || right(replace(gen_random_uuid()::text, '-', ''), 16) $$;

-- Fixed-width columns stand first: what stands behind a variable-length column costs a walk over it in every row visited.
create table memories (
  namespace_id int not null references namespaces on delete cascade,
  importance   real not null default 0.5 check (importance between 0 and 1),
  version      int not null default 1,
  session_position int,                           -- which of its session it is, in order of storing; null without a session
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  expires_at   timestamptz,
  valid_from   timestamptz,
  id           text collate "C" not null default new_memory_id(),
  memory_type  text not null default 'episodic',
  author       text,                              -- name of the key that stored it; stamped, see memories_before_write
  session_id   text,
  tags         text[] not null default '{}',
  metadata     jsonb not null default '{}',
  v            halfvec,                           -- by the server's embedder; null where it knows no word of the content. Its dimension is set at the first start
  supplied_v   halfvec,                           -- the caller's own vector, of the dimension its namespace declares
  next_v       halfvec,                           -- by the embedder that the database is moving to, and of which version of the memory: jobs/reembed.ts
  next_v_version int,
  content      text not null check (length(content) between 1 and 100000),
  primary key (namespace_id, id)
);
-- No global vector index: a job builds a partial one for each large namespace (jobs/vector-indexes.ts).
create index memories_created_at_idx on memories (namespace_id, created_at desc, id desc);
create index memories_session_idx    on memories (namespace_id, session_id, session_position) where session_id is not null;
create index memories_tags_idx       on memories using gin (namespace_id, tags) with (fastupdate = off);
create index memories_metadata_idx   on memories using gin (namespace_id, metadata jsonb_path_ops) with (fastupdate = off);
create index memories_expires_at_idx on memories (namespace_id, expires_at) where expires_at is not null;

-- The words of each memory, kept by memories_after_write. Apart from the memories, whose rows are six times as wide: the lexical arm
-- visits thousands of rows, one to a page there, and a change of importance there would rewrite the index entries of every word.
create table memory_words (
  namespace_id int not null references namespaces on delete cascade,
  dl           int not null,                      -- document length: the number of positions in ts
  expires_at   timestamptz,                       -- that of the memory
  id           text collate "C" not null,
  ts           tsvector not null,
  primary key (namespace_id, id)
);
create index memory_words_idx            on memory_words using gin (namespace_id, ts) with (fastupdate = off);
create index memory_words_expires_at_idx on memory_words (namespace_id, expires_at) where expires_at is not null;

-- Which languages were detected in the memories of a namespace whose text_config is 'auto'; a query is stemmed in all of them.
create table namespace_languages (
  namespace_id int not null references namespaces on delete cascade,
  language     text not null,
  primary key (namespace_id, language)
);

-- How often and when a memory was last given out. Beside memories, as every update there rewrites a 1.6 kB row and its index entries.
create table memory_accesses (
  namespace_id     int not null,
  id               text collate "C" not null,
  access_count     bigint not null,
  last_accessed_at timestamptz not null,
  primary key (namespace_id, id),
  foreign key (namespace_id, id) references memories on delete cascade
);

-- How far the vector index of each large namespace is; kept by the job that builds it (jobs/vector-indexes.ts).
create table vector_indexes (
  namespace_id int primary key references namespaces on delete cascade,
  is_ready     boolean not null default false,
  progress     real not null default 0 check (progress between 0 and 1)
);

-- Which embedder made memories.v. Vectors of two embedders must never be compared.
create table embedding_space (
  only_row       boolean primary key default true check (only_row),
  model          text not null,
  dimension      int not null,
  next_model     text,                            -- while the database moves to another
  next_dimension int
);

-- ── Term statistics: base + deltas ──
-- Every statement that adds, removes or rewrites memories appends one delta per memory, in its own transaction (a counter per word
-- would make writers wait for each other: 1,722 instead of 5,999 writes/s). merge_statistics() folds deltas into the base in the
-- background. A reader adds base and deltas of one snapshot and takes off what has expired but is not yet swept, so N, average length
-- and document frequencies are exact at any moment; merging only keeps the reading cheap.
create table namespace_statistics (
  namespace_id int primary key references namespaces on delete cascade,
  documents    bigint not null,
  positions    bigint not null,
  vectors      bigint not null
);
create table term_statistics (
  namespace_id int not null references namespaces on delete cascade,
  term         text collate "C" not null,
  documents    int not null,
  primary key (namespace_id, term)
);
create table statistics_deltas (
  namespace_id int not null,
  id           bigint generated always as identity,
  sign         smallint not null,                 -- +1 added, -1 removed
  positions    int not null,
  vectors      smallint not null,                 -- 1 when the memory has a vector
  words        tsvector not null,                 -- without positions
  primary key (namespace_id, id)
);

reset role;

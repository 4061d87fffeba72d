import fc from 'fast-check'
import { expect, test } from 'vitest'
import { start, type TestServer } from './harness.ts'
import { series } from './series.ts'

const SEED = 20261124
const WORDS = ['heron', 'index', 'budget', 'tea', 'vector', "o'clock", 'back\\slash', '東京']

const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 8 }).map((words) => words.join(' '))
/** A change of a namespace; `which` picks one of its memories. */
const change = fc.oneof(
  fc.record({
    kind: fc.constant('store' as const),
    texts: fc.array(text, { minLength: 1, maxLength: 4 }),
    expires: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('update' as const), which: fc.nat(), content: text }),
  fc.record({ kind: fc.constant('importance' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('forget' as const), which: fc.nat() }),
  fc.record({
    kind: fc.constantFrom(
      'expire' as const,
      'sweep' as const,
      'restore' as const,
      'merge' as const,
      'portion' as const,
    ),
  }),
)
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never

test(
  'how many memories hold a word is exact after any mix of stores, changes, forgetting, expiry, sweeps, ' +
    'restores and merges in portions',
  async () => {
    await using t = await start()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
        const namespace = `run${++run}`
        await t.admin.createNamespace(namespace)
        for (const one of changes) await apply(t, namespace, one)
        const { counted, known } = await bothWays(t, namespace)
        expect(known).toEqual(counted)
      }),
      { seed: SEED, numRuns: series({ short: 8, whole: 15 }) },
    )
  },
)

async function apply(t: TestServer, namespace: string, one: Change): Promise<void> {
  const memories = await t.admin.listMemories(namespace)
  const picked = 'which' in one ? memories[one.which % Math.max(1, memories.length)] : undefined
  switch (one.kind) {
    case 'store':
      await t.admin.storeMemories(
        namespace,
        one.texts.map((content) => ({ content, ...(one.expires && { ttlSeconds: 3600 }) })),
      )
      return
    case 'update':
      if (picked) await t.admin.updateMemory(picked.id, { content: one.content }, { namespace })
      return
    case 'importance':
      if (picked) await t.admin.setImportance(namespace, picked.id, 0.9)
      return
    case 'forget':
      if (picked) await t.admin.forget(namespace, picked.id)
      return
    case 'expire':
      await t.owner(
        (sql) => sql`update memories set expires_at = clock_timestamp() + interval '1 ms' where expires_at > now()`,
      )
      await new Promise((resolve) => setTimeout(resolve, 5))
      return
    case 'sweep':
      await takeTurn(t, namespace, 'expiry', 'sweep_next(1, false)')
      return
    case 'restore': // as if the clock had been ahead
      await t.owner((sql) => sql`update expired_memories set expires_at = now() + interval '1 hour'`)
      await t.database.sql`select restore_expired(2)`
      return
    case 'merge':
      await t.owner((sql) => sql`select merge_statistics(id) from namespaces where name = ${namespace}`)
      return
    case 'portion': // one or two words, so that deltas are cut in the middle
      await takeTurn(t, namespace, 'statistics', 'merge_next(2, false)')
  }
}

/** Runs one turn of a job for this namespace. */
async function takeTurn(t: TestServer, namespace: string, job: 'statistics' | 'expiry', call: string): Promise<void> {
  await t.owner(async (sql) => {
    await sql`update upkeep set is_due = false`
    await sql`insert into upkeep (namespace_id, job, is_due)
      select id, ${job}, true from namespaces
      where name = ${namespace}
      on conflict (namespace_id, job) do update set is_due = true`
  })
  expect((await t.database.sql.unsafe(`select * from ${call}`))[0]).toMatchObject({
    failed: false,
    done: expect.any(Number),
  })
}

/**
 * Returns the number of memories, of positions, and of memories for each word: counted in the memories, and from the
 * statistics.
 */
const bothWays = (t: TestServer, namespace: string) =>
  t.owner(async (sql) => {
    const [found] = await sql<{ id: number }[]>`select id from namespaces where name = ${namespace}`
    const id = found?.id as number
    const words = (rows: readonly { word: string; memories: number }[]) =>
      Object.fromEntries(rows.map(({ word, memories }) => [word, memories]))
    const [counted] =
      await sql`select count(*)::int as documents, coalesce(sum(dl), 0)::int as positions from memory_words
        where namespace_id = ${id} and (expires_at is null or expires_at > now())`
    const [known] = await sql`
      select coalesce(sum(documents), 0)::int as documents, coalesce(sum(positions), 0)::int as positions from (
        select documents, positions from namespace_statistics where namespace_id = ${id}
        union all select sign, sign * positions from statistics_deltas where namespace_id = ${id}
        union all select -1, -dl from memory_words where namespace_id = ${id} and expires_at <= now()) parts`
    const countedWords = await sql<{ word: string; memories: number }[]>`
      select word, count(*)::int as memories from memory_words w, unnest(tsvector_to_array(w.ts)) word
      where namespace_id = ${id} and (expires_at is null or expires_at > now()) group by word order by word collate "C"`
    const knownWords = await sql<{ word: string; memories: number }[]>`
      select word, sum(memories)::int as memories from (
        select term as word, documents as memories from term_statistics where namespace_id = ${id}
        union all select word, sign from statistics_deltas d, unnest(tsvector_to_array(d.words)) word
          where namespace_id = ${id}
        union all select word, -1 from memory_words w, unnest(tsvector_to_array(w.ts)) word
          where namespace_id = ${id}
          and expires_at <= now()) parts
      group by word having sum(memories) <> 0 order by word collate "C"`
    return { counted: { ...counted, words: words(countedWords) }, known: { ...known, words: words(knownWords) } }
  })

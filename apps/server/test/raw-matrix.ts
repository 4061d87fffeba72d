import { hashSecret } from '../src/principal.ts'
import { CELLS, isAllowed, MATRIX, type Need, PERSONAS, type Persona, type Place } from './access-matrix.ts'
import { ADMIN_KEY, type TestServer } from './harness.ts'

type Sql = Parameters<Parameters<TestServer['as']>[1]>[0]
type Probe = {
  wall: string
  need: Need
  /** Returns whether the access succeeded: rows were visible, or a statement took effect. */
  gets(sql: Sql, place: Place, hash: string): Promise<boolean>
}

const some = async (rows: PromiseLike<readonly unknown[]>) => (await rows).length > 0
const NAMESPACE = (sql: Sql, place: Place) => sql`(select id from probe_namespaces where name = ${place})`

/**
 * The accesses that each protection must prevent, by SQL as dakera_app without the server. Statements that take effect
 * are rolled back.
 */
const PROBES: Probe[] = [
  {
    wall: 'memories_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from memories where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'memories_insert',
    need: 'append',
    gets: async (sql, place) =>
      (await sql`insert into memories (namespace_id, content) values (${NAMESPACE(sql, place)}, 'smuggled')`).count > 0,
  },
  // Without a where clause, so that the select policy does not apply: these test the policies of update and delete
  // alone.
  {
    wall: 'memories_update',
    need: 'edit',
    gets: async (sql, place) =>
      (await sql.unsafe(`update memories set memory_type = 'touched'`)).count > 0 && (await wasTouched(sql, place)),
  },
  {
    wall: 'memories_delete',
    need: 'edit',
    gets: async (sql, place) => (await sql.unsafe('delete from memories')).count > 0 && (await isGone(sql, place)),
  },
  {
    wall: 'namespaces_select',
    need: 'any',
    gets: (sql, place) => some(sql`select from namespaces where name = ${place}`),
  },
  {
    wall: 'namespaces_insert',
    need: 'admin',
    gets: async (sql) => (await sql`insert into namespaces (name) values ('smuggled')`).count > 0,
  },
  {
    wall: 'namespaces_update',
    need: 'admin',
    gets: async (sql) => (await sql.unsafe(`update namespaces set description = 'smuggled'`)).count > 0,
  },
  {
    wall: 'memory_words_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from memory_words where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'memory_accesses_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from memory_accesses where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'sessions_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from sessions where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'sessions_insert',
    need: 'append',
    gets: async (sql, place) =>
      (await sql`insert into sessions (namespace_id) values (${NAMESPACE(sql, place)})`).count > 0,
  },
  {
    wall: 'sessions_update',
    need: 'edit',
    gets: async (sql, place) =>
      (await sql.unsafe(`update sessions set summary = 'touched'`)).count > 0 && (await wasEnded(sql, place)),
  },
  {
    wall: 'recall',
    need: 'read',
    gets: (sql, place, hash) => some(sql`select from recall(decode(${hash}, 'hex'), ${place}, 'resident', null)`),
  },
  {
    wall: 'lexical_search',
    need: 'read',
    gets: (sql, place) =>
      some(
        sql`select from lexical_search(${NAMESPACE(sql, place)}, 'resident', null, 50, null, 5000) l
          where l.ids is not null`,
      ),
  },
  {
    wall: 'namespace_languages_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from namespace_languages where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'vector_indexes_select',
    need: 'read',
    gets: (sql, place) => some(sql`select from vector_indexes where namespace_id = ${NAMESPACE(sql, place)}`),
  },
  {
    wall: 'store',
    need: 'append',
    gets: (sql, place, hash) =>
      some(
        sql`select from store(decode(${hash}, 'hex'), ${place}, '[{"content": "smuggled"}]', array[null]::halfvec[])`,
      ),
  },
]

/** probe_* are views of a superuser, which show the real rows, whatever the policies say. */
const wasTouched = (sql: Sql, place: Place) =>
  some(sql`select from probe_memories where namespace = ${place} and memory_type = 'touched'`)
const isGone = async (sql: Sql, place: Place) =>
  !(await some(sql`select from probe_memories where namespace = ${place}`))

const wasEnded = (sql: Sql, place: Place) =>
  some(sql`select from probe_sessions where namespace = ${place} and summary = 'touched'`)

/**
 * Creates the personas' keys, one memory and one session in every namespace, and the views that show the probes the
 * real rows.
 */
export async function seedMatrix(t: TestServer): Promise<Record<Persona, string>> {
  const secrets = {} as Record<Persona, string>
  for (const persona of PERSONAS) secrets[persona] = await t.secret(MATRIX[persona], persona)
  for (const place of new Set(CELLS.map((cell) => cell.place))) {
    const { id } = await t.admin.storeMemory(place, { content: `The resident of ${place}.` })
    t.accesses.record(hashSecret(ADMIN_KEY), place, [id])
    await t.admin.startSession(place)
  }
  await t.accesses.flush()
  await t.owner(async (sql) => {
    await sql`insert into vector_indexes (namespace_id) select id from namespaces`
    await sql`insert into namespace_languages select id, 'english' from namespaces`
    await sql`create view probe_namespaces as select id, name from namespaces`
    await sql`create view probe_memories as select n.name as namespace, m.memory_type from memories m
      join namespaces n on n.id = m.namespace_id`
    await sql`create view probe_sessions as select n.name as namespace, s.summary from sessions s
      join namespaces n on n.id = s.namespace_id`
    await sql`grant select on probe_namespaces, probe_memories, probe_sessions to dakera_app`
  })
  return secrets
}

class Undo extends Error {}

/**
 * Returns every difference between the protections and the matrix; each names the protection, the persona and the
 * namespace.
 */
export async function findBreaches(t: TestServer, secrets: Record<Persona, string>): Promise<string[]> {
  const breaches: string[] = []
  for (const { persona, place, access } of CELLS) {
    for (const { wall, need, gets } of PROBES) {
      const secret = secrets[persona]
      let got = false
      await t
        .as(secret, async (sql) => {
          const [row] = await sql`select current_setting('dakera.key') as hash`
          got = await gets(sql, place, row?.['hash'])
          throw new Undo()
        })
        .catch((error: Error & { code?: string }) => {
          if (!(error instanceof Undo) && !['DK000', '42501'].includes(error.code ?? '')) throw error
        })
      if (got !== isAllowed(access, need))
        breaches.push(`${wall}: ${persona} ${got ? 'gets into' : 'is kept out of'} ${place}`)
    }
  }
  return breaches
}

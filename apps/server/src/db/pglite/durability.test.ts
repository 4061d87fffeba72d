import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { series } from '../../../test/series.ts'
import { principalOf } from '../../principal.ts'
import { Session } from '../session.ts'
import { connectInThread as connect } from './in-thread.fixture.ts'
import { openPglite, type Pglite, type PgliteOptions } from './open.ts'
import { PowerLoss } from './power-loss.fixture.ts'
import { compilePostgres } from './wasm.ts'

const KILLS = series({ short: 2, whole: 5 })
const CUTS = series({ short: 1, whole: 3 })
const log = { info() {}, warn() {}, error() {} }
const open = async (dataDir: string, durability: PgliteOptions['durability']) =>
  openPglite({ dataDir, durability, log, wasm: await compilePostgres() })
let root: string
let fresh: string

async function withDatabase<T>(
  dataDir: string,
  durability: PgliteOptions['durability'],
  work: (sql: Sql, pglite: Pglite) => Promise<T>,
): Promise<T> {
  const pglite = await open(dataDir, durability)
  const sql = connect(pglite)
  try {
    return await work(sql, pglite)
  } finally {
    await sql.end()
    await pglite.close()
  }
}

function copyOf(source: string): string {
  const target = fs.mkdtempSync(path.join(root, 'copy-'))
  fs.cpSync(source, target, { recursive: true })
  return target
}

/** Every id in the table, after checking that each index and each page is whole. */
const idsIn = (dataDir: string) =>
  withDatabase(dataDir, 'full', async (sql) => {
    const rows = await sql<{ id: number }[]>`select id from notes order by id`
    await sql`set enable_seqscan = off`
    const [indexed] = await sql<{ count: number }[]>`select count(*)::int as count from notes where id >= 0`
    expect(indexed?.count).toBe(rows.length)
    await sql`insert into notes (id, text) values (-1, 'still writable')`
    return new Set(rows.map((row) => row.id))
  })

/** A small generator with a seed, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe.runIf(process.env.DAKERA_TEST_ENGINE !== 'postgres')('durability of the embedded database', () => {
  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'pglite-durability-'))
    fresh = path.join(root, 'fresh')
    await withDatabase(fresh, 'full', async (sql) => {
      await sql`create table notes (id int primary key, text text not null)`
    })
  })
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

  /**
   * Writes through checkpoints and new log segments, cuts the power at several moments, and tells what each disk should
   * hold.
   */
  async function cutPower(durability: PgliteOptions['durability'], random?: () => number) {
    const dataDir = copyOf(fresh)
    const disks: { folder: string; acknowledged: Set<number> }[] = []
    const acknowledged = new Set<number>()
    const pglite = await open(dataDir, durability)
    const power = new PowerLoss(path.join(dataDir, 'postgres'))
    const cut = () => {
      const folder = fs.mkdtempSync(path.join(root, 'cut-'))
      power.survivors(path.join(folder, 'postgres'), random)
      disks.push({ folder, acknowledged: new Set(acknowledged) })
    }
    const sql = connect(pglite)
    try {
      const store = async (id: number, bytes = 20) => {
        await sql`insert into notes (id, text)
          select ${id}, string_agg(md5(i::text || ${id}::int), '') from generate_series(1, ${bytes}::int / 32 + 1) i`
        acknowledged.add(id)
      }
      for (let id = 0; id < 20; id++) await store(id)
      cut()
      // In the middle of a checkpoint, at every third sync.
      let syncs = 0
      power.afterSync = () => {
        if (++syncs % 3 === 0 && syncs <= 3 * CUTS) cut()
      }
      await pglite.checkpoint()
      power.afterSync = undefined
      await sql`create table made_after_the_checkpoint as select 1 as a`
      // 30 MB of log: two segment switches.
      await Promise.all(Array.from({ length: 20 }, (_, i) => store(100 + i, 1_500_000)))
      cut()
      await pglite.checkpoint()
      for (let id = 200; id < 210; id++) await store(id)
      cut()
    } finally {
      power.stop()
      await sql.end()
      await pglite.close()
    }
    return disks
  }

  const lost = async ({ folder, acknowledged }: { folder: string; acknowledged: Set<number> }) => {
    const found = await idsIn(folder)
    return [...acknowledged].filter((id) => !found.has(id))
  }

  test('after a power loss every acknowledged write is there', async () => {
    for (const disk of await cutPower('full')) expect(await lost(disk)).toEqual([])
  })

  test('after a power loss that kept any part of what was not synced, every acknowledged write is there', async () => {
    for (const disk of await cutPower('full', seeded(7))) expect(await lost(disk)).toEqual([])
  })

  test(
    'relaxed durability may lose the last writes in a power loss (so the simulation can see a loss), but the ' +
      'database opens',
    async () => {
      const losses = []
      for (const disk of await cutPower('relaxed', seeded(8))) losses.push((await lost(disk)).length)
      expect(Math.max(...losses)).toBeGreaterThan(0)
    },
  )

  test.each(['full', 'relaxed'] as const)(
    'after kill -9 in the middle of writes every acknowledged write is there (%s)',
    async (durability) => {
      const dataDir = copyOf(fresh)
      const acknowledged: number[] = []
      for (let round = 0; round < KILLS; round++) {
        const writer = spawn(
          process.execPath,
          ['--input-type=module', '-e', WRITER, dataDir, durability, String(1 + round * 100_000)],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
            cwd: import.meta.dirname,
          },
        )
        const gone = once(writer, 'exit')
        let seen = 0
        for await (const line of createInterface(writer.stdout)) {
          if (/^\d+$/.test(line)) acknowledged.push(Number(line))
          if (++seen === 30 + round * 17) writer.kill('SIGKILL')
        }
        expect((await gone)[1]).toBe('SIGKILL')
      }
      expect(acknowledged.length).toBeGreaterThan(30 * KILLS)
      expect(await lost({ folder: dataDir, acknowledged: new Set(acknowledged) })).toEqual([])
    },
  )

  test(
    'a write whose flush fails is called neither kept nor lost, nothing more is written, and a restart finds ' +
      'what was acknowledged',
    async () => {
      const dataDir = copyOf(fresh)
      const pglite = await open(dataDir, 'full')
      const sql = connect(pglite)
      await sql`insert into notes values (1, 'kept')`
      const { fdatasync } = fs
      fs.fdatasync = ((_fd: number, done: (error: Error) => void) =>
        setImmediate(
          done,
          Object.assign(new Error('ENOSPC: no space left on device, fdatasync'), { code: 'ENOSPC' }),
        )) as unknown as typeof fs.fdatasync
      const session = new Session({ open: () => sql })
      const store = (id: number) =>
        session.statement(
          principalOf('x'),
          'write',
          async (sql) => sql`insert into notes values (${id}, 'not acknowledged')`,
        )
      try {
        await expect(store(2)).rejects.toMatchObject({
          message: expect.stringMatching(
            /^The disk of the database is full; .*the outcome is unknown.*Idempotency-Key/,
          ),
          cause: { code: '08007' },
        })
      } finally {
        fs.fdatasync = fdatasync
      }
      await expect(store(3)).rejects.toMatchObject({ code: '53100' }) // never begun, and so known
      await expect(pglite.checkpoint()).rejects.toMatchObject({ code: 'STOPPED' })
      await sql.end()
      await pglite.close()
      expect([...(await idsIn(dataDir))]).toEqual([1, 2]) // the second is there all the same
    },
  )

  test('a disk that is full while Postgres writes its log stops the database, and says so', async () => {
    const dataDir = copyOf(fresh)
    const pglite = await open(dataDir, 'full')
    const sql = connect(pglite)
    await sql`insert into notes values (1, 'kept')`
    const { writeSync } = fs
    fs.writeSync = () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    try {
      await expect(sql`insert into notes values (2, 'not acknowledged')`).rejects.toMatchObject({
        code: '08007',
        message: expect.stringContaining('The disk is full'),
      })
    } finally {
      fs.writeSync = writeSync
    }
    await sql.end()
    await pglite.close()
    expect((await idsIn(dataDir)).has(1)).toBe(true)
  })

  test('a disk that fails inside Postgres (a PANIC there) stops the database instead of hanging it', async () => {
    const dataDir = copyOf(fresh)
    const pglite = await open(dataDir, 'full')
    const sql = connect(pglite)
    await sql`insert into notes values (1, 'kept')`
    const { fsyncSync } = fs
    fs.fsyncSync = () => {
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })
    }
    try {
      await expect(pglite.checkpoint()).rejects.toMatchObject({ code: 'STOPPED' })
    } finally {
      fs.fsyncSync = fsyncSync
    }
    await expect(sql`select 1`).rejects.toMatchObject({ code: '58030' })
    await sql.end({ timeout: 1 })
    await pglite.close()
    expect((await idsIn(dataDir)).has(1)).toBe(true)
  })
})

const WRITER = `
  import { superviseEmbedded } from './supervisor.ts'
  import postgres from 'postgres'
  const [dataDir, durability, first] = process.argv.slice(1)
  const pglite = await superviseEmbedded({ dataDir, durability, log: { info() {}, warn() {}, error() {} } })
  const sql = postgres({ socket: pglite.socket, max: 1, onnotice() {} })
  let id = Number(first)
  for (;;) {
    await Promise.all([0, 1, 2].map(async () => { const mine = id++; await sql\`insert into notes
      values (\${mine}, repeat('x', 900))\`; process.stdout.write(mine + '\\n') }))
    if (id % 7 === 0) await pglite.checkpoint()
  }
`

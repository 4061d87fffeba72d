import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { EmbeddedDatabase } from '../src/db/embedded.ts'
import { engine, failure, start } from './harness.ts'
import { send } from './http-call.ts'
import { isWhole, series } from './series.ts'

const CRASHES = series({ short: 3, whole: 20 })
const WRITERS = 10

test.runIf(engine === 'pglite')(
  `the engine ended ${CRASHES} times at random under ${WRITERS} writers: nothing acknowledged is lost, and it ` +
    'serves again by itself',
  async () => {
    await using t = await start({ jobs: true })
    const database = t.database as EmbeddedDatabase
    const acknowledged: string[] = []
    const codes = new Map<string, number>()
    let isOver = false
    const clients = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) => t.key({ shared: 'read_write' }, `writer-${n}`)),
    )
    const writers = clients.map(async (client, n) => {
      for (let i = 0; !isOver; i++) {
        const stored = await client
          .storeMemory('shared', { content: `Writer ${n} notes finding ${i}.` })
          .catch((error: { code: string; status: number }) => {
            codes.set(error.code, (codes.get(error.code) ?? 0) + 1)
            expect(error.status).toBe(503)
            return undefined
          })
        if (stored) acknowledged.push(stored.id)
      }
    })
    const back: number[] = []
    for (let round = 0; round < CRASHES; round++) {
      // Waits until there is something to lose: a busy machine may still be opening the database.
      const enough = acknowledged.length + WRITERS
      while (acknowledged.length < enough) await sleep(10)
      await sleep(Math.random() * 200)
      await database.crash()
      const ended = performance.now()
      while (true) {
        const asked = await send(t.url, '/health/ready')
        if (asked.status === 200) break
        await sleep(10)
      }
      back.push(performance.now() - ended)
    }
    isOver = true
    await Promise.all(writers)

    const listed = new Set<string>()
    for await (const memory of t.admin.memories.list('shared', { limit: 1000 })) listed.add(memory.id)
    expect(acknowledged.filter((id) => !listed.has(id))).toEqual([])
    expect(acknowledged.length).toBeGreaterThanOrEqual(CRASHES * WRITERS)
    expect([...codes.keys()].filter((code) => code !== 'SERVICE_UNAVAILABLE')).toEqual([])
    if (isWhole) {
      const sorted = back.toSorted((a, b) => a - b)
      console.log(
        `${CRASHES} crashes, ${acknowledged.length} acknowledged, 0 lost; back after ms p50 ` +
          `${sorted[sorted.length >> 1]?.toFixed(0)}, max ${sorted.at(-1)?.toFixed(0)}`,
      )
    }
  },
)

test.runIf(engine === 'pglite')(
  'calls that meet a crash of the engine get 503, and the next ones are served',
  async () => {
    await using t = await start()
    const client = await t.key({ notes: 'read_write' })
    await client.storeMemory('notes', { content: 'Kept before.' })
    const database = t.database as EmbeddedDatabase
    await database.crash()
    const first = await Promise.allSettled(Array.from({ length: 5 }, () => client.recall('notes', 'kept')))
    for (const outcome of first)
      if (outcome.status === 'rejected')
        expect(await failure(Promise.reject(outcome.reason))).toMatchObject({ status: 503 })
    expect((await client.recall('notes', 'kept')).length).toBe(1)
  },
)

test.runIf(engine === 'pglite')(
  'an engine that ends during a job is started again once, and a job that spoils its session ends it',
  async () => {
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const starts = () => lines.filter((line) => line.includes('is open again')).length
    await using t = await start({ log })
    const database = t.database as EmbeddedDatabase
    const interrupted = t.owner(async (sql) => {
      await database.crash()
      await sql`select 1`
    })
    await expect(interrupted).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await t.admin.whoami()
    expect(starts()).toBe(1)

    await expect(t.owner((sql) => sql`begin; select 1 / 0`.simple())).rejects.toMatchObject({ code: '22012' })
    expect((await t.database.sql`select current_user::text as role`)[0]).toEqual({ role: 'dakera_app' })
    expect(starts()).toBe(2)
  },
)

import { setTimeout } from 'node:timers/promises'
import { DakeraClient } from '@dakera-ai/dakera'
import type { Build } from '../build.ts'
import { type Summary, summarize } from '../measure.ts'
import { notes } from '../notes.ts'

/**
 * How the database is ended: its worker thread inside a server that keeps running, or the whole process, which is then
 * restarted.
 */
export type KillWay = 'worker' | 'process'
export type Kills = {
  way: KillWay
  kills: number
  acknowledged: number
  /** Memories that were acknowledged and are missing at the end. */
  lost: number
  /** The errors that the writers got instead of an acknowledgement, by status. */
  failures: Record<string, number>
  /** Milliseconds from each kill to the first acknowledged store that began after it. */
  backAfter: Summary
}

const WRITERS = 10
/**
 * The pause between kills. A database that ends within a second of its start is restarted later each time, and in the
 * end given up.
 */
const PEACE_MS = { least: 1_200, most: 2_200 }
const PATIENCE_MS = 60_000
const PAUSE_AFTER_FAILURE_MS = 25

/** Ends the database this many times at random moments, under ten writers with a key and a namespace each. */
export async function measureKills(
  build: Build,
  way: KillWay,
  kills: number,
  say: (line: string) => void,
): Promise<Kills> {
  const admin = clientOf(build, build.adminKey)
  const writers: { namespace: string; agent: DakeraClient; acknowledged: string[] }[] = []
  for (let i = 0; i < WRITERS; i++) {
    const namespace = `writer-${i}`
    await admin.createNamespace(namespace)
    writers.push({
      namespace,
      agent: clientOf(build, (await admin.createKey({ name: namespace, grants: { [namespace]: 'read_write' } })).key),
      acknowledged: [],
    })
  }

  const failures: Kills['failures'] = {}
  let lastSuccessBegan = 0
  let isOver = false
  const write = async ({ namespace, agent, acknowledged }: (typeof writers)[number], seed: number) => {
    for (const source = notes(seed); !isOver; ) {
      const began = performance.now()
      try {
        acknowledged.push((await agent.storeMemory(namespace, source.next().value)).id)
        lastSuccessBegan = Math.max(lastSuccessBegan, began)
      } catch (error) {
        const { status, code } = error as { status?: number; code?: string }
        const why = String(status ?? code ?? 'other')
        failures[why] = (failures[why] ?? 0) + 1
        await setTimeout(PAUSE_AFTER_FAILURE_MS)
      }
    }
  }
  const writing = writers.map((writer, i) => write(writer, i + 1))

  const backAfter: number[] = []
  try {
    for (let i = 1; i <= kills; i++) {
      await setTimeout(PEACE_MS.least + Math.random() * (PEACE_MS.most - PEACE_MS.least))
      const killed = performance.now()
      await endDatabase(build, way)
      // a store that began before may have been acknowledged by the database that was ended
      const gone = performance.now()
      while (lastSuccessBegan <= gone) {
        if (performance.now() - killed > PATIENCE_MS)
          throw new Error(`After kill ${i} no store succeeded within ${PATIENCE_MS / 1000} s. ${build.complaint()}`)
        await setTimeout(2)
      }
      backAfter.push(performance.now() - killed)
      if (i % 10 === 0 || i === kills)
        say(`${i} of ${kills} kills, slowest return ${Math.round(Math.max(...backAfter))} ms`)
    }
  } finally {
    isOver = true
    await Promise.all(writing)
  }

  let lost = 0
  for (const { namespace, agent, acknowledged } of writers) {
    const missing = new Set(acknowledged)
    for await (const { id } of agent.listMemories(namespace, { limit: 500 })) missing.delete(id)
    lost += missing.size
  }
  const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0)
  return { way, kills, acknowledged, lost, failures, backAfter: summarize(backAfter) }
}

/**
 * Ends a database; no other code knows how. A worker is ended by the probe, from inside the server's process and
 * without its help: probe.ts recognises it by its script.
 */
async function endDatabase(build: Build, way: KillWay): Promise<void> {
  if (way === 'worker') {
    if ((await build.endWorker()) === 0)
      throw new Error('This build runs its embedded database in no worker thread. Use --process-kills.')
    return
  }
  await build.kill()
  await build.start()
}

const clientOf = (build: Build, apiKey: string) =>
  new DakeraClient({ baseUrl: build.url, apiKey, maxRetries: 0, timeoutMs: 30_000 })

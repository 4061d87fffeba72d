import { setTimeout } from 'node:timers/promises'
import { DakeraClient } from '@dakera-ai/dakera'
import { type Build, megabytesOnDisk } from '../build.ts'
import { burst, interleave, type Summary, time } from '../measure.ts'
import { notes, questions } from '../notes.ts'
import type { Delays } from '../probe.ts'

/** The results of one build. */
export type Speed = {
  build: string
  /** Memories a second in batches of 500, and the delays of the event loop. */
  filled: { perSecond: number; loop: Delays | undefined }
  /** Milliseconds a call. */
  store: Summary
  tenStoring: Summary
  recall: Summary
  /** While the three above were measured. */
  loop: Delays | undefined
  residentMegabytes: number | undefined
  restart: Restart
}
/** After 10,000 updates and a kill -9. */
export type Restart = { seconds: number; logMegabytes: { killed: number; restarted: number }; lost: number }

export type Contender = { name: string; build: Build }
export type Amount = { memories: number; seconds: number; updates: number }

const NAMESPACE = 'team-shared'
const AGENTS = 10
const STORES_EACH = 4
const CALLS = 8
const FILL_BATCH = 500
const UPDATE_BATCH = 100
/** Every ten seconds the engine looks for tables that have grown; in the meantime the jobs merge statistics. */
const SETTLE_MS = 12_000

/** Fills all builds, measures them in turns, then ends each with kill -9 and measures its restart. */
export async function measureSpeed(
  contenders: Contender[],
  { memories, seconds, updates }: Amount,
  say: (line: string) => void,
): Promise<Speed[]> {
  const filled: {
    contender: Contender
    agents: DakeraClient[]
    ids: string[]
    perSecond: number
    loop: Delays | undefined
  }[] = []
  for (const contender of contenders) {
    say(`${contender.name}: storing ${memories} memories`)
    filled.push({ contender, ...(await fill(contender.build, memories)) })
  }
  await setTimeout(SETTLE_MS)

  const row = async (
    kind: string,
    calls: (agents: DakeraClient[], seed: number) => () => Promise<number[]>,
  ): Promise<Record<string, Summary>> => {
    say(`${kind}, in turns`)
    const variants = filled.map(({ contender: { name, build }, agents }) => {
      const variant = calls(agents, 3)
      const watched = async () => {
        await build.watch()
        const times = await variant()
        await build.rest()
        return times
      }
      return [name, watched] as const
    })
    return interleave(Object.fromEntries(variants), seconds, 2)
  }
  const store = await row('one store', ([agent], seed) => {
    const fresh = notes(seed)
    return () => burst(1, CALLS, () => (agent as DakeraClient).storeMemory(NAMESPACE, fresh.next().value))
  })
  const tenStoring = await row('ten agents storing', (agents, seed) => {
    const fresh = notes(seed + 1)
    return () =>
      burst(AGENTS, STORES_EACH, (i) => (agents[i] as DakeraClient).storeMemory(NAMESPACE, fresh.next().value))
  })
  const recall = await row('recall', ([agent], seed) => {
    const asked = questions(seed)
    return () => burst(1, CALLS, () => (agent as DakeraClient).recall(NAMESPACE, asked.next().value, { topK: 5 }))
  })

  const speeds: Speed[] = []
  for (const { contender, agents, ids, perSecond, loop } of filled) {
    const { name, build } = contender
    const of = (row: Record<string, Summary>) => row[name] as Summary
    const measured = {
      build: name,
      filled: { perSecond, loop },
      store: of(store),
      tenStoring: of(tenStoring),
      recall: of(recall),
      loop: await build.delays(),
    }
    const residentMegabytes = build.residentMegabytes()
    say(`${name}: ${updates} updates, kill -9, restart`)
    speeds.push({
      ...measured,
      residentMegabytes,
      restart: await restart(build, agents[0] as DakeraClient, ids, updates),
    })
  }
  return speeds
}

async function fill(build: Build, memories: number) {
  const admin = clientOf(build, build.adminKey)
  await admin.createNamespace(NAMESPACE)
  const agents: DakeraClient[] = []
  for (let i = 0; i < AGENTS; i++)
    agents.push(
      clientOf(build, (await admin.createKey({ name: `agent-${i}`, grants: { [NAMESPACE]: 'read_write' } })).key),
    )
  const source = notes(1)
  const ids: string[] = []
  await build.watch()
  const ms = await time(async () => {
    while (ids.length < memories) {
      const batch = Array.from({ length: Math.min(FILL_BATCH, memories - ids.length) }, () => source.next().value)
      const { stored } = await (agents[0] as DakeraClient).storeMemories(NAMESPACE, batch)
      ids.push(...stored.map(({ id }) => id))
    }
  })
  await build.rest()
  return { agents, ids, perSecond: Math.round(memories / (ms / 1000)), loop: await build.delays() }
}

/** Sets importances in calls of a hundred, kills, starts again and reads back what was acknowledged. */
async function restart(build: Build, agent: DakeraClient, ids: string[], updates: number): Promise<Restart> {
  const wanted = new Map<string, number>()
  for (let done = 0; done < updates; done += UPDATE_BATCH) {
    const from = done % ids.length
    const chosen = ids.slice(from, from + Math.min(UPDATE_BATCH, updates - done))
    const importance = ((done / UPDATE_BATCH) % 100) / 100
    await agent.setImportance(NAMESPACE, chosen, importance)
    for (const id of chosen) wanted.set(id, importance)
  }
  await build.kill()
  const killed = megabytesOnDisk(build.dataDir).log
  const seconds = (await build.start()) / 1000
  const restarted = megabytesOnDisk(build.dataDir).log
  const missing = new Set(ids)
  let wrong = 0
  for await (const { id, importance } of agent.listMemories(NAMESPACE, { limit: 500 })) {
    missing.delete(id)
    const expected = wanted.get(id)
    if (expected !== undefined && Math.abs(expected - importance) > 1e-6) wrong++
  }
  return { seconds, logMegabytes: { killed, restarted }, lost: missing.size + wrong }
}

const clientOf = (build: Build, apiKey: string) =>
  new DakeraClient({ baseUrl: build.url, apiKey, maxRetries: 0, timeoutMs: 120_000 })

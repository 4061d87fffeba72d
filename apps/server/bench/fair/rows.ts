import { setTimeout } from 'node:timers/promises'
import { DakeraClient, DakeraError } from '@dakera-ai/dakera'
import type { Build } from '../build.ts'
import { DEAR_CALLS, type DearCall, type DearPlace } from '../dear-calls.ts'
import { startHammer, type Tally } from '../hammer.ts'
import { type Summary, summarize } from '../measure.ts'
import { notes, questions } from '../notes.ts'
import type { Delays } from '../probe.ts'

/** The results of one row on one build, in milliseconds. */
export type Row = {
  name: string
  /** Before and after the attack, together. */
  quiet: Summary
  attacked: Summary
  /** p99 during the attack divided by p99 without it. */
  ratio: number
  /** The errors that the victim got, by status. */
  failures: Tally
  attacker: Tally
  /**
   * The largest values during the row. That of the database is the memory of its sessions without shared memory, if it
   * runs on this machine.
   */
  megabytes: { server?: number; database?: number }
  loop: Delays | undefined
  /**
   * The time from the end of the attack until the victim was served as before; undefined if that took too long and the
   * server was restarted.
   */
  secondsUntilQuiet: number | undefined
  /** Why the row ended early. */
  note?: string
}

export type Amount = { seconds: number; connections: number; memoryLimitMegabytes: number }
type Victim = { recall(): Promise<number>; failures: Tally }
type Attacker = { secret: string; place: DearPlace }
type Attackers = { reads: Attacker; stores: Attacker }

/** A build with the data that the rows need. */
export type Ground = {
  build: Build
  victim: Victim
  attackers: Attackers
  databaseMegabytes?: () => Promise<number | undefined>
}

/** A row without an attack, and one for each expensive call. */
export const ROWS: { name: string; call?: DearCall }[] = [
  { name: 'nothing' },
  ...DEAR_CALLS.map((call) => ({ name: call.name, call })),
]

const VICTIM_MEMORIES = 500
const ATTACKER_MEMORIES = 500
const MANY_MEMORIES = 200
const VICTIM_PATIENCE_MS = 60_000
const MAX_CALLS = 200_000
const MAX_BATCHES = 100
const QUIET_WITHIN_MS = 60_000

/**
 * Creates the victim's namespace of 500 memories, and for the attacker one of 500, twenty of 200 and one to store into.
 * Both have a key of their own.
 */
export async function prepare(build: Build, databaseMegabytes?: Ground['databaseMegabytes']): Promise<Ground> {
  const admin = new DakeraClient({ baseUrl: build.url, apiKey: build.adminKey, maxRetries: 0, timeoutMs: 120_000 })
  const own = 'attacker'
  const many = [own, ...Array.from({ length: 19 }, (_, i) => `attacker-${i + 1}`)]
  const keyOf = async (name: string, namespaces: string[]) =>
    (
      await admin.createKey({
        name,
        grants: Object.fromEntries(namespaces.map((namespace) => [namespace, 'read_write'])),
      })
    ).key
  const source = notes(1)
  const fill = async (namespace: string, count: number) => {
    await admin.storeMemories(
      namespace,
      Array.from({ length: count }, () => source.next().value),
    )
  }
  await fill('victim', VICTIM_MEMORIES)
  await fill(own, ATTACKER_MEMORIES)
  for (const namespace of many.slice(1)) await fill(namespace, MANY_MEMORIES)
  const stores = 'attacker-stores'
  await admin.createNamespace(stores)
  return {
    build,
    victim: openVictim(build.url, await keyOf('victim', ['victim'])),
    attackers: {
      reads: { secret: await keyOf('reader', many), place: { own, many } },
      stores: { secret: await keyOf('storer', [stores]), place: { own: stores, many: [stores] } },
    },
    ...(databaseMegabytes && { databaseMegabytes }),
  }
}

function openVictim(baseUrl: string, apiKey: string): Victim {
  const agent = new DakeraClient({ baseUrl, apiKey, maxRetries: 0, timeoutMs: VICTIM_PATIENCE_MS })
  const asked = questions(3)
  const failures: Tally = {}
  return {
    failures,
    /** Returns how long the recall took, whether it succeeded or not. */
    async recall() {
      const started = performance.now()
      try {
        await agent.recall('victim', asked.next().value, { topK: 5 })
      } catch (error) {
        const why = error instanceof DakeraError ? String(error.status ?? error.code) : 'other'
        failures[why] = (failures[why] ?? 0) + 1
        if (why === 'CONNECTION_FAILED') await setTimeout(50) // a server that has ended would cause thousands
      }
      return performance.now() - started
    },
  }
}

/** Measures one row: the victim before, during and after the attack. */
export async function measureRow(
  ground: Ground,
  { name, call }: (typeof ROWS)[number],
  { seconds, connections, memoryLimitMegabytes }: Amount,
): Promise<Row> {
  const { build, victim, attackers } = ground
  for (const why of Object.keys(victim.failures)) delete victim.failures[why]
  const before = await recallFor(victim, seconds / 2)

  const attacker = call?.stores ? attackers.stores : attackers.reads
  const requests = call?.requests(attacker.place)
  await build.watch()
  const memory = watchMemory(ground)
  const hammer = requests
    ? startHammer({
        url: build.url,
        volleys: [
          { secret: attacker.secret, requests, ...(call?.hangUpMs !== undefined && { hangUpMs: call.hangUpMs }) },
        ],
        connections,
        seconds,
        maxCalls: MAX_CALLS,
        maxDone: call?.stores === 'batch' ? MAX_BATCHES : MAX_CALLS,
      })
    : undefined
  await hammer?.begun
  let note: string | undefined
  const isOver = until(hammer?.done ?? setTimeout(seconds * 1000))
  const times: number[] = []
  const guard = setInterval(() => {
    if (Math.max(memory.server ?? 0, memory.database ?? 0) > memoryLimitMegabytes) {
      note = `stopped at ${memoryLimitMegabytes} MB`
      hammer?.stop()
    }
  }, 100)
  do times.push(await victim.recall())
  while (!isOver())
  clearInterval(guard)
  const tally = (await hammer?.done) ?? {}
  const failures = { ...victim.failures }
  await build.rest()
  const loop = await build.delays()
  memory.stop()

  const quietBefore = summarize(before)
  if (!build.isRunning()) note = `the server ended: ${build.complaint().split('\n').at(-1)}`
  const secondsUntilQuiet = await waitForQuiet(ground, quietBefore.p50)
  if (secondsUntilQuiet === undefined) {
    await build.kill()
    await build.start()
    await waitForQuiet(ground, quietBefore.p50)
  }
  const quiet = summarize([...before, ...(await recallFor(victim, seconds / 2))])
  const attacked = summarize(times)
  return {
    name,
    quiet,
    attacked,
    ratio: attacked.p99 / quiet.p99,
    failures,
    attacker: tally,
    megabytes: {
      ...(memory.server !== undefined && { server: memory.server }),
      ...(memory.database !== undefined && { database: memory.database }),
    },
    loop,
    secondsUntilQuiet,
    ...(note !== undefined && { note }),
  }
}

async function recallFor(victim: Victim, seconds: number): Promise<number[]> {
  const times: number[] = []
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) times.push(await victim.recall())
  return times
}

/** Waits for three recalls in a row that take at most three times as long as without an attack. */
async function waitForQuiet({ build, victim }: Ground, quietMs: number): Promise<number | undefined> {
  const started = performance.now()
  for (let inARow = 0; build.isRunning() && performance.now() - started < QUIET_WITHIN_MS; ) {
    inARow = (await victim.recall()) <= 3 * quietMs ? inARow + 1 : 0
    if (inARow === 3) return (performance.now() - started) / 1000
  }
  return undefined
}

/** Records the largest memory use until stopped. */
function watchMemory({ build, databaseMegabytes }: Ground): { server?: number; database?: number; stop(): void } {
  const seen: { server?: number; database?: number; stop(): void } = { stop: () => clearInterval(timer) }
  const look = async () => {
    const server = build.residentMegabytes()
    if (server !== undefined) seen.server = Math.max(seen.server ?? 0, server)
    const database = await databaseMegabytes?.()
    if (database !== undefined) seen.database = Math.max(seen.database ?? 0, database)
  }
  void look()
  const timer = setInterval(() => void look(), 250)
  return seen
}

function until(promise: Promise<unknown>): () => boolean {
  let isOver = false
  const end = () => {
    isOver = true
  }
  promise.then(end, end)
  return () => isOver
}

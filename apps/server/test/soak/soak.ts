import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { DakeraClient } from '@dakera-ai/dakera'
import { type Build, megabytesOnDisk, startBuild } from '../../bench/build.ts'
import { DEAR_CALLS } from '../../bench/dear-calls.ts'
import { type Hammer, startHammer, type Tally } from '../../bench/hammer.ts'
import { type Summary, summarize } from '../../bench/measure.ts'
import { notes } from '../../bench/notes.ts'
import { type Meter, openMeter } from '../../bench/postgres-meter.ts'
import { type Answers, type Checked, type OrdinaryKey, openOrdinaryKey } from './ordinary.ts'
import { type Sample, total, verdict } from './verdict.ts'

export type Soak = {
  database: string
  seconds: number
  samples: Sample[]
  ordinary: Answers
  recall: Summary
  hostile: Tally
  /** The server's log messages from "warn" on: each text and how often it occurred. */
  logged: Record<string, number>
  /** Undefined if the soak was interrupted. */
  checked: Checked[] | undefined
  faults: string[]
}

export type SoakAmount = { minutes: number; sampleSeconds: number; connections: number }

const ORDINARY_KEYS = 10
const HOSTILE_KEYS = 2
const HOSTILE_MEMORIES = 200
/**
 * Memories of the hostile keys expire, so that the database does not grow for ever; removing them is part of the test.
 */
const HOSTILE_TTL_SECONDS = 60
const MAX_HOSTILE_CALLS = 10_000_000

/** Runs ten ordinary and two hostile keys on one server, for this time or until interrupted. */
export async function soak(
  database: string,
  checkout: string,
  postgresUrl: string | undefined,
  amount: SoakAmount,
  interrupted: AbortSignal,
  say: (line: string) => void,
): Promise<Soak> {
  const build = await startBuild({ checkout, postgresUrl, logLevel: 'warn' })
  const meter = build.databaseUrl ? openMeter(build.databaseUrl) : undefined
  try {
    say(`${database}: preparing`)
    const { ordinary, startHostile } = await prepare(build, amount)
    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    const isOver = () => seconds() >= 60 * amount.minutes || interrupted.aborted || !build.isRunning()

    const hostile = startHostile()
    const working = ordinary.map((key) => key.run(isOver))
    const samples = await sampleUntil(isOver, seconds, build, meter, amount.sampleSeconds, (sample) => {
      const [calls, attacks] = [total(ordinary.map(({ answers }) => answers)), total(hostile.map((one) => one.tally()))]
      say(`${database}: ${progress(sample, amount.minutes, calls, attacks)}`)
    })
    for (const one of hostile) one.stop()
    const tallies = await Promise.all(hostile.map(({ done }) => done))
    await Promise.all(working)

    const answers = total(ordinary.map((key) => key.answers))
    const isComplete = !interrupted.aborted && build.isRunning()
    if (isComplete) say(`${database}: checking what was acknowledged`)
    const checked = isComplete ? await Promise.all(ordinary.map((key) => key.check())) : undefined
    const faults = verdict(samples, answers, checked)
    if (!build.isRunning()) faults.push(`the server ended: ${build.complaint().slice(-500)}`)
    return {
      database,
      seconds: Math.round(seconds()),
      samples,
      ordinary: answers,
      recall: summarize(ordinary.flatMap(({ recallTimes }) => recallTimes)),
      hostile: total(tallies),
      logged: await texts(build.logFile),
      checked,
      faults,
    }
  } finally {
    await meter?.close()
    await build.close()
  }
}

async function prepare(
  build: Build,
  { minutes, connections }: SoakAmount,
): Promise<{ ordinary: OrdinaryKey[]; startHostile: () => Hammer[] }> {
  const admin = new DakeraClient({ baseUrl: build.url, apiKey: build.adminKey, timeoutMs: 120_000 })
  const keyOf = async (name: string, namespaces: string[]) => {
    for (const namespace of namespaces) await admin.upsertNamespace(namespace)
    return (
      await admin.createKey({
        name,
        grants: Object.fromEntries(namespaces.map((namespace) => [namespace, 'read_write'])),
      })
    ).key
  }
  const ordinary: OrdinaryKey[] = []
  for (let i = 0; i < ORDINARY_KEYS; i++) {
    const name = `ordinary-${i}`
    ordinary.push(openOrdinaryKey(build.url, await keyOf(name, [name]), name, i + 1))
  }
  const hostile: { secret: string; many: string[] }[] = []
  const source = notes(99)
  for (let i = 0; i < HOSTILE_KEYS; i++) {
    const many = Array.from({ length: 20 }, (_, j) => `hostile-${i}-${j}`)
    for (const namespace of many)
      await admin.storeMemories(
        namespace,
        Array.from({ length: HOSTILE_MEMORIES }, () => source.next().value),
      )
    hostile.push({ secret: await keyOf(`hostile-${i}`, many), many })
  }
  const startHostile = () =>
    hostile.map(({ secret, many }) => {
      const place = { own: many[0] as string, many, ttlSeconds: HOSTILE_TTL_SECONDS }
      const volleys = DEAR_CALLS.map(({ requests, hangUpMs }) => ({
        secret,
        requests: requests(place),
        ...(hangUpMs !== undefined && { hangUpMs }),
      }))
      return startHammer({
        url: build.url,
        volleys,
        connections,
        seconds: 60 * minutes + 60,
        maxCalls: MAX_HOSTILE_CALLS,
        maxDone: MAX_HOSTILE_CALLS,
      })
    })
  return { ordinary, startHostile }
}

async function sampleUntil(
  isOver: () => boolean,
  seconds: () => number,
  build: Build,
  meter: Meter | undefined,
  every: number,
  seen: (sample: Sample) => void,
): Promise<Sample[]> {
  const samples: Sample[] = []
  let written = (await meter?.log())?.writtenMegabytes
  await build.watch()
  for (let next = every; !isOver(); next = seconds() + every) {
    while (seconds() < next && !isOver()) await setTimeout(200)
    if (isOver()) break
    const log = await meter?.log()
    const disk = meter ? undefined : megabytesOnDisk(build.dataDir)
    const loop = await build.delays()
    const sample: Sample = {
      seconds: Math.round(seconds()),
      residentMegabytes: build.residentMegabytes(),
      logMegabytes: Math.round(log?.onDiskMegabytes ?? disk?.log ?? 0),
      logWrittenMegabytes: log && written !== undefined ? Math.round(log.writtenMegabytes - written) : undefined,
      deadRows: log?.deadRows,
      dataMegabytes: disk && Math.round(disk.data),
      loop,
    }
    written = log?.writtenMegabytes
    samples.push(sample)
    seen(sample)
  }
  return samples
}

function progress(sample: Sample, minutes: number, ordinary: Answers, hostile: Tally): string {
  const failed = Object.entries(ordinary).filter(([answer]) => answer !== 'ok')
  const memory = sample.residentMegabytes === undefined ? '' : `, RSS ${sample.residentMegabytes} MB`
  const sum = (tally: Tally) => Object.values(tally).reduce((all, one) => all + one, 0)
  return (
    `${Math.round(sample.seconds)} of ${60 * minutes} s, ordinary ${sum(ordinary)} calls ` +
    `(${failed.map(([answer, n]) => `${answer} x ${n}`).join(', ') || 'all ok'}), hostile ` +
    `${sum(hostile)}${memory}, log ${sample.logMegabytes} MB`
  )
}

type Logged = { message?: string; cause?: { message?: string } }

/** Returns the messages of a log, and how often each occurred. */
async function texts(logFile: string): Promise<Soak['logged']> {
  const logged: Soak['logged'] = {}
  for await (const line of createInterface(createReadStream(logFile))) {
    const { msg, err } = line.startsWith('{') ? (JSON.parse(line) as { msg?: string; err?: Logged }) : { msg: line }
    const text = [msg, err?.message ?? err?.cause?.message].filter(Boolean).join(': ')
    logged[text] = (logged[text] ?? 0) + 1
  }
  return logged
}

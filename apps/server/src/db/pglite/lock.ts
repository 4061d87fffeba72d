import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PgliteError } from './error.ts'

type Holder = { pid: number; started: string; host: string; since: string; command: string }
export type Lock = { release(): void }

const BEAT_MS = 2000
// Only for a holder whose process is not visible here (another container or machine on a shared volume).
const SILENCE_MS = 5 * BEAT_MS

/**
 * Locks the directory for this process. Two PGlites on one directory would silently lose rows.
 *
 * Locks are numbered files, and the highest number counts. A lock is taken by creating the next number with link(2),
 * which succeeds in only one process and shows the content at once. A lock is released by overwriting the file, never
 * by removing it, so the highest number never decreases and no process can act on a stale view.
 */
export async function takeLock(folder: string): Promise<Lock> {
  fs.mkdirSync(folder, { recursive: true })
  for (;;) {
    const top = highest(folder)
    if (top > 0) await refuseIfHeld(path.join(folder, name(top)), folder)
    const mine = path.join(folder, name(top + 1))
    if (!create(mine)) continue
    // Another process has taken a higher number and removed ours before we created it: its lock counts.
    if (highest(folder) > top + 1) {
      fs.rmSync(mine, { force: true })
      continue
    }
    for (const old of numbers(folder)) if (old <= top) fs.rmSync(path.join(folder, name(old)), { force: true })
    const stop = beat(mine)
    let held = true
    return {
      release() {
        if (!held) return
        held = false
        stop()
        replace(mine, '{}')
      },
    }
  }
}

const name = (number: number) => `${number}.json`

function numbers(folder: string): number[] {
  return fs.readdirSync(folder).flatMap((file) => {
    const match = /^(\d+)\.json$/.exec(file)
    return match ? [Number(match[1])] : []
  })
}

const highest = (folder: string) => Math.max(0, ...numbers(folder))

async function refuseIfHeld(file: string, folder: string): Promise<void> {
  const holder = read(file)
  if (!holder?.pid) return
  if (holder.host === hostId()) {
    if (holder.started !== processStart(holder.pid)) return
  } else if (await isSilent(file)) return
  const where =
    holder.host === hostId()
      ? ''
      : ` on another host or container (${holder.host}); if it is gone for good, remove ${folder}`
  const who =
    holder.pid === process.pid && holder.host === hostId() ? 'this very process' : `process ${holder.pid}${where}`
  throw new PgliteError(
    'IN_USE',
    `The data directory ${path.dirname(folder)} is in use by ${who}, since ${holder.since} (${holder.command}). ` +
      'Stop it first, or choose another directory.',
  )
}

/**
 * Returns whether the holder no longer touches its lock. The file's time is compared with itself, so clocks need not
 * agree.
 */
async function isSilent(file: string): Promise<boolean> {
  const seen = touched(file)
  for (let waited = 0; waited < SILENCE_MS; waited += 500) {
    await sleep(500)
    if (touched(file) !== seen) return false
  }
  return true
}

function touched(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function beat(file: string): () => void {
  const timer = setInterval(() => {
    const now = new Date()
    try {
      fs.utimesSync(file, now, now)
    } catch {
      // The next beat may succeed.
    }
  }, BEAT_MS).unref()
  return () => clearInterval(timer)
}

function create(file: string): boolean {
  const holder: Holder = {
    pid: process.pid,
    started: processStart(process.pid) ?? '',
    host: hostId(),
    since: new Date().toISOString(),
    command: [
      path.basename(process.argv[0] ?? 'node'),
      ...process.argv.slice(1, 3).map((part) => path.basename(part)),
    ].join(' '),
  }
  const draft = `${file}.${randomUUID()}`
  fs.writeFileSync(draft, JSON.stringify(holder))
  try {
    fs.linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

function replace(file: string, content: string): void {
  const draft = `${file}.${randomUUID()}`
  try {
    fs.writeFileSync(draft, content)
    fs.renameSync(draft, file)
  } catch {
    // The directory is gone or read-only: the process id in the lock becomes stale when this process ends.
    fs.rmSync(draft, { force: true })
  }
}

/** Reads a lock. Undefined if the file was removed in the meantime or (after a power loss) is empty. */
function read(file: string): Partial<Holder> | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Holder>
  } catch {
    return undefined
  }
}

/** Returns an id of this boot and process namespace, within which process ids are unique. */
function hostId(): string {
  return [
    os.hostname(),
    attempt(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8)),
    attempt(() => fs.readlinkSync('/proc/self/ns/pid')),
  ]
    .filter(Boolean)
    .join(' ')
}

/**
 * Returns when the process started; undefined if there is none. On Linux the time is exact, so that a reused process id
 * is recognised.
 */
function processStart(pid: number): string | undefined {
  const stat = attempt(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The second field is the program's name, which may contain spaces and brackets; the start time is the 22nd.
  if (stat) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (process.platform === 'linux') return undefined
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

import fs from 'node:fs'
import path from 'node:path'
import v8 from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { btree_gin } from '@electric-sql/pglite/contrib/btree_gin'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { vector } from '@electric-sql/pglite-pgvector'
import { Bridge } from './bridge.ts'
import { DeadEntries } from './dead-entries.ts'
import { DurableFs, syncOne, syncTree } from './durable-fs.ts'
import { Engine, type PgliteLog } from './engine.ts'
import { isFull, PgliteError } from './error.ts'
import { syncMessage } from './frames.ts'
import { Maintenance } from './maintenance.ts'
import { Pulse } from './pulse.ts'
import { WalFlusher } from './wal-flusher.ts'
import type { WasmModule } from './wasm.ts'
import type { ReplyTo, SessionEnd } from './wire.ts'

/**
 * `full`: an acknowledged write survives a power loss. `relaxed`: it survives a crash of the process, and a power loss
 * may lose the writes of the last fifth of a second. The database stays intact in both.
 */
export type PgliteOptions = {
  dataDir: string
  durability: 'full' | 'relaxed'
  log: PgliteLog
  /** Shows when a statement runs. */
  pulse?: Pulse
  /** Called once, if the database cannot continue. */
  onStop?: (why: PgliteError) => void
  /** The compiled Postgres, so that a second start in a process need not compile it again. */
  wasm?: WasmModule | undefined
}

/** An embedded database that runs in this thread. */
export type Pglite = {
  connect(to: ReplyTo): SessionEnd
  /** Resolves once the engine has responded, with the warning of upkeep. */
  ping(): Promise<{ warning: string | undefined }>
  checkpoint(): Promise<void>
  vacuum(): Promise<void>
  analyze(): Promise<void>
  /** The whole database as a tar.gz that PGlite's `loadDataDir` reads. */
  dump(): Promise<Blob>
  /** Closes the connection and makes a last checkpoint. */
  close(): Promise<void>
}

// V8 13.6 (Node 24) frees replaced WebAssembly code while it runs, and a check inside that ended a process of ours
// (ThreadIsolation::UnregisterWasmAllocation, once in some 200 databases). Not freeing it costs a few megabytes.
v8.setFlagsFromString('--no-wasm-code-gc')

/** The Postgres version whose files PGlite reads and writes. */
export const POSTGRES_MAJOR = 18

const RELAXED_FLUSH_MS = 200
const SETTINGS = [
  'wal_sync_method=fsync',
  'full_page_writes=on',
  // An embedded database has no replicas, so its log need not contain what they would need.
  'wal_level=minimal',
  'max_wal_senders=0',
  // Two segments are kept for reuse; others before the last checkpoint are removed.
  'min_wal_size=32MB',
  'max_wal_size=64MB',
  // The file cache of the operating system is behind it; with PGlite's default of 160 MB most pages were in memory
  // twice.
  'shared_buffers=64MB',
]
const ARGUMENTS = [
  ...PGlite.defaultStartParams.filter((argument) => argument !== '-F'),
  ...SETTINGS.flatMap((setting) => ['-c', setting]),
]

/** Opens the data directory, and creates it if it does not exist. The caller holds its lock: supervisor.ts. */
export async function openPglite({
  dataDir,
  durability,
  log,
  pulse = new Pulse(),
  onStop = () => {},
  wasm,
}: PgliteOptions): Promise<Pglite> {
  const folder = path.resolve(dataDir)
  const files = path.join(folder, 'postgres')
  // This file exists while the database is being created: a half-created database contains nobody's data.
  const unfinished = path.join(folder, 'unfinished')

  const said: string[] = []
  let engine: Engine | undefined
  let maintenance: Maintenance | undefined
  const flusher = new WalFlusher((failure) => {
    engine?.stop(failure)
    log.error({ err: failure }, 'a flush to the disk failed; nothing more is written until a restart')
  })

  const db = await explained(folder, async () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (fs.existsSync(unfinished)) fs.rmSync(files, { recursive: true, force: true })
    const isNew = checkFiles(files)
    if (isNew) {
      fs.writeFileSync(unfinished, '')
      syncOne(folder)
      fs.mkdirSync(files, { recursive: true, mode: 0o700 })
    }
    const started = await start({ files, flusher, written: (bytes) => maintenance?.written(bytes), said, wasm })
    if (isNew || fs.existsSync(unfinished)) {
      syncTree(files)
      fs.rmSync(unfinished, { force: true })
      syncOne(folder)
      syncOne(path.dirname(folder))
    }
    return started
  })

  engine = new Engine(db, pulse, () => said.findLast((line) => /FATAL|PANIC/.test(line)), onStop)
  const deadEntries = new DeadEntries(engine, path.join(folder, 'dead-entries.json'))
  await deadEntries.rebuild(log)
  maintenance = new Maintenance(engine, deadEntries, log)
  maintenance.start()
  const bridge = new Bridge(engine, flusher, durability === 'full')
  const relaxed =
    durability === 'relaxed'
      ? setInterval(() => void flusher.reached(flusher.position).catch(() => {}), RELAXED_FLUSH_MS).unref()
      : undefined

  return {
    connect: bridge.connect,
    ping: async () => {
      const release = await engine.acquire()
      await engine.execute(syncMessage).finally(release)
      return { warning: maintenance.warning }
    },
    checkpoint: () => maintenance.checkpoint(),
    vacuum: () => maintenance.vacuum(),
    analyze: () => maintenance.analyze(),
    dump: () =>
      engine.asOwner(async () => {
        await engine.run('checkpoint')
        return db.dumpDataDir('gzip')
      }),
    close: once(async () => {
      clearInterval(relaxed)
      await maintenance.stop()
      await bridge.close()
      // A stopped database must not make a shutdown checkpoint: what it has in memory may differ from the disk.
      if (!engine.stopped) {
        await engine.acquire()
        await deadEntries
          .save(true)
          .catch((error: Error) => log.warn({ err: error }, 'could not save the number of dead index entries'))
        await db.close()
      }
      const failure = engine.stopped ?? attempt(() => flusher.barrier())
      engine.stop(new Error('it was closed'))
      flusher.close()
      if (failure)
        log.error(
          { err: failure },
          'the embedded database was not shut down cleanly; the next start recovers it from its log',
        )
    }),
  }
}

type Starting = {
  files: string
  flusher: WalFlusher
  written: (bytes: number) => void
  said: string[]
  wasm: WasmModule | undefined
}

async function start({ files, flusher, written, said, wasm }: Starting): Promise<PGlite> {
  const listen = (line: string) => {
    said.push(line)
    if (said.length > 20) said.shift()
    return false
  }
  try {
    return await PGlite.create({
      dataDir: files,
      fs: new DurableFs(files, flusher, written),
      extensions: { vector, btree_gin, pg_trgm },
      startParams: ARGUMENTS,
      onStderr: listen,
      ...(wasm && { pgliteWasmModule: wasm as never }),
    })
  } catch (error) {
    const complaint = said.filter((line) => /FATAL|PANIC|ERROR/.test(line)).join('; ') || (error as Error).message
    if (isFull(new Error(complaint, { cause: error })))
      throw new PgliteError(
        'UNUSABLE',
        `The database in ${files} cannot be started: the disk is full; make room (${complaint}). Nothing is lost.`,
        {
          cause: error,
        },
      )
    throw new PgliteError(
      'UNUSABLE',
      `The database in ${files} cannot be started: ${complaint}. Its files may be damaged: restore them from a ` +
        'backup, or move them away to start with an empty database.',
      { cause: error },
    )
  }
}

/** Returns whether a new database must be created. Throws if the directory contains something else. */
function checkFiles(files: string): boolean {
  if (!fs.existsSync(files) || fs.readdirSync(files).length === 0) return true
  fs.accessSync(files, fs.constants.R_OK | fs.constants.W_OK)
  const versionFile = path.join(files, 'PG_VERSION')
  if (!fs.existsSync(versionFile))
    throw new PgliteError(
      'UNUSABLE',
      `${files} contains files, but no database. Choose another data directory, or move them away.`,
    )
  const version = fs.readFileSync(versionFile, 'utf8').trim()
  if (version !== String(POSTGRES_MAJOR)) {
    throw new PgliteError(
      'UNUSABLE',
      `The database in ${files} was written by Postgres ${version}; this release reads ${POSTGRES_MAJOR}. Open ` +
        'it with the release that wrote it, and move the data by export and import.',
    )
  }
  return false
}

const ADVICE: Record<string, string> = {
  EACCES: 'it may not be read or written by this user; change its owner or choose another directory',
  EPERM: 'the file system does not allow it (no hard links, or a protected directory); choose another directory',
  EROFS: 'the disk is read-only; mount it writable or choose another directory',
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the disk quota is used up; make room',
  ENOTDIR: 'a part of the path is a file; choose another directory',
  EEXIST: 'it is a file; choose another directory',
  EIO: 'the disk reports an error; check it',
}

/** Turns an error of the file system about the directory into advice for the operator. */
export async function explained<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const advice = error instanceof PgliteError ? undefined : ADVICE[code ?? '']
    if (!advice) throw error
    throw new PgliteError('UNUSABLE', `The data directory ${folder} cannot be used: ${advice} (${message}).`, {
      cause: error,
    })
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= work())
}

function attempt(work: () => void): Error | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error as Error
  }
}

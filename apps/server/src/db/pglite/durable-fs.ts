import fs from 'node:fs'
import path from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import type { WalFlusher } from './wal-flusher.ts'

/**
 * PGlite's file system with a working fsync.
 *
 * PGlite starts Postgres with fsync off because its file system cannot sync. Emscripten calls `stream_ops.fsync` if it
 * exists, so we add it and start Postgres with fsync on. Then durability follows Postgres' own order of writes, and not
 * an imitation of it: a commit returns after its log is flushed; a data page is written after the log that describes it
 * (full_page_writes repairs torn ones); a checkpoint syncs every changed file and its directory entries before
 * pg_control names the new starting point, syncs pg_control, and only then recycles log segments; a new segment is
 * filled with zeros, synced, renamed into place, and its directory synced. Single-user Postgres never makes a
 * checkpoint by itself (no checkpointer; log growth asks for one only under a postmaster), so besides start and
 * shutdown there are only those of maintenance.ts.
 *
 * One thing differs: the sync of the current log segment is passed to WalFlusher, which may delay it within the two
 * rules described there.
 */
export class DurableFs extends NodeFS {
  readonly #flusher: WalFlusher
  readonly #written: (bytes: number) => void

  constructor(dataDir: string, flusher: WalFlusher, written: (bytes: number) => void) {
    super(dataDir)
    this.#flusher = flusher
    this.#written = written
  }

  override async init(pg: PGlite, options: Parameters<NodeFS['init']>[1]): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options)
    const preRun = (module: unknown) =>
      install((module as { NODEFS: NodeFsOperations }).NODEFS, this.#flusher, this.#written)
    return {
      emscriptenOpts: {
        ...emscriptenOpts,
        preRun: [...((emscriptenOpts.preRun as never[] | undefined) ?? []), preRun as never],
      },
    }
  }
}

type FsNode = { name: string; parent: FsNode }
type Stream = { node: FsNode; nfd: number; shared: object }
type Operation = (subject: never, ...rest: never[]) => unknown
type NodeFsOperations = {
  realPath(node: FsNode): string
  tryFSOperation<T>(work: () => T): T
  stream_ops: Record<string, Operation> & { fsync?: (stream: Stream) => number }
  node_ops: Record<string, Operation>
}

const SEGMENT = /^[0-9A-F]{24}$/
const isSegment = (node: FsNode) => node.parent.name === 'pg_wal' && SEGMENT.test(node.name)

function install(nodefs: NodeFsOperations, flusher: WalFlusher, written: (bytes: number) => void): void {
  const { stream_ops: streams, node_ops: nodes } = nodefs
  // POSIX guarantees the name of a new file only after its directory is synced, which Postgres does not do for relation
  // files.
  const grown = new Set<string>()

  streams.fsync = (stream) =>
    nodefs.tryFSOperation(() => {
      const file = nodefs.realPath(stream.node)
      if (isSegment(stream.node)) {
        flusher.ask(file)
        return 0
      }
      flusher.barrier()
      sync(stream.nfd, flusher)
      const folder = path.dirname(file)
      if (grown.has(folder)) {
        syncPath(folder, flusher)
        grown.delete(folder)
      }
      return 0
    })

  const guard = (operations: Record<string, Operation>, name: string) => {
    const original = operations[name] as Operation
    operations[name] = (...args) => {
      nodefs.tryFSOperation(() => flusher.barrier())
      return original(...args)
    }
  }
  for (const name of ['rename', 'unlink', 'rmdir', 'symlink', 'setattr']) guard(nodes, name)
  guard(streams, 'setattr')

  const mknod = nodes.mknod as (parent: FsNode, ...rest: unknown[]) => unknown
  nodes.mknod = ((parent: FsNode, ...rest: unknown[]) => {
    nodefs.tryFSOperation(() => flusher.barrier())
    grown.add(nodefs.realPath(parent))
    return mknod(parent, ...rest)
  }) as Operation

  const write = streams.write as (
    stream: Stream,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => number
  streams.write = ((stream: Stream, buffer: Uint8Array, offset: number, length: number, position: number) => {
    if (isSegment(stream.node) && !flusher.failure) written(length)
    else nodefs.tryFSOperation(() => flusher.barrier())
    return write(stream, buffer, offset, length, position)
  }) as Operation
}

function sync(fd: number, flusher: WalFlusher): void {
  try {
    fs.fsyncSync(fd)
  } catch (error) {
    throw flusher.fail(error as Error)
  }
}

function syncPath(target: string, flusher: WalFlusher): void {
  const fd = fs.openSync(target, 'r')
  try {
    sync(fd, flusher)
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Syncs a directory with every file and directory in it, for files that Postgres did not write itself (initdb's copy).
 */
export function syncTree(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const target = path.join(folder, entry.name)
    if (entry.isDirectory()) syncTree(target)
    else if (entry.isFile()) syncOne(target)
  }
  syncOne(folder)
}

/** Syncs one file or directory. */
export function syncOne(target: string): void {
  const fd = fs.openSync(target, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

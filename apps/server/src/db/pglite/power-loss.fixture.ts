import fs from 'node:fs'
import path from 'node:path'

/**
 * For tests: what a disk would contain if the power failed now. Strict POSIX: a file keeps only the bytes of its last
 * fsync or fdatasync, and a name in a directory is there only if the directory was synced after it was made.
 */
export class PowerLoss {
  readonly #root: string
  readonly #contents = new Map<number, Buffer>()
  readonly #names = new Map<number, Map<string, { ino: number; isFolder: boolean }>>()
  readonly #restore: (() => void)[] = []
  /** Called after each sync, to look at the disk in between. */
  afterSync: (() => void) | undefined

  constructor(root: string) {
    this.#root = root
    this.#adopt(root)
    this.#watch('fsyncSync')
    this.#watch('fdatasyncSync')
    const { fdatasync } = fs
    fs.fdatasync = ((fd: number, done: (error: NodeJS.ErrnoException | null) => void) =>
      fdatasync(fd, (error) => {
        if (!error) this.#synced(fd)
        done(error)
      })) as typeof fs.fdatasync
    this.#restore.push(() => {
      fs.fdatasync = fdatasync
    })
  }

  stop(): void {
    for (const restore of this.#restore) restore()
  }

  /**
   * Writes what would survive to `target`. With `random`, unsynced blocks of 4 kB each survive or not: disks write in
   * any order.
   */
  survivors(target: string, random?: () => number): void {
    this.#write(fs.statSync(this.#root).ino, target, this.#root, random)
  }

  #watch(name: 'fsyncSync' | 'fdatasyncSync'): void {
    const original = fs[name]
    fs[name] = (fd) => {
      original(fd)
      this.#synced(fd)
    }
    this.#restore.push(() => {
      fs[name] = original
    })
  }

  #synced(fd: number): void {
    const target = fs.readlinkSync(`/proc/self/fd/${fd}`)
    if (!target.startsWith(this.#root)) return
    const stat = fs.fstatSync(fd)
    if (stat.isDirectory()) this.#names.set(stat.ino, list(target))
    else this.#contents.set(stat.ino, fs.readFileSync(target))
    this.afterSync?.()
  }

  #adopt(folder: string): void {
    this.#names.set(fs.statSync(folder).ino, list(folder))
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const target = path.join(folder, entry.name)
      if (entry.isDirectory()) this.#adopt(target)
      else this.#contents.set(fs.statSync(target).ino, fs.readFileSync(target))
    }
  }

  #write(ino: number, target: string, source: string, random: (() => number) | undefined): void {
    fs.mkdirSync(target, { recursive: true })
    for (const [name, entry] of this.#names.get(ino) ?? []) {
      if (entry.isFolder) {
        this.#write(entry.ino, path.join(target, name), path.join(source, name), random)
        continue
      }
      const kept = this.#contents.get(entry.ino) ?? Buffer.alloc(0)
      fs.writeFileSync(path.join(target, name), random ? mix(kept, path.join(source, name), entry.ino, random) : kept)
    }
  }
}

const BLOCK = 4096

function mix(kept: Buffer, source: string, ino: number, random: () => number): Buffer {
  if (fs.statSync(source, { throwIfNoEntry: false })?.ino !== ino) return kept
  const now = fs.readFileSync(source)
  const mixed = Buffer.alloc(Math.max(kept.length, now.length))
  kept.copy(mixed)
  for (let at = 0; at < now.length; at += BLOCK) {
    const block = now.subarray(at, at + BLOCK)
    if (!block.equals(kept.subarray(at, at + BLOCK)) && random() < 0.5) block.copy(mixed, at)
  }
  return mixed
}

function list(folder: string): Map<string, { ino: number; isFolder: boolean }> {
  return new Map(
    fs.readdirSync(folder).map((name) => {
      const stat = fs.statSync(path.join(folder, name))
      return [name, { ino: stat.ino, isFolder: stat.isDirectory() }]
    }),
  )
}

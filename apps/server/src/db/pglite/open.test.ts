import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { PGlite } from '@electric-sql/pglite'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takeLock } from './lock.ts'
import { POSTGRES_MAJOR } from './open.ts'
import { superviseEmbedded } from './supervisor.ts'

const log = { info() {}, warn() {}, error() {} }
let root: string
let fresh: string
const folder = (name: string) => fs.mkdtempSync(path.join(root, `${name}-`))
/** A database of its own, copied because creating one takes seconds. */
function copy(name: string): string {
  const target = folder(name)
  fs.cpSync(fresh, target, { recursive: true })
  return target
}
const open = (dataDir: string) => superviseEmbedded({ dataDir, durability: 'full', log })
const script = (code: string, ...args: string[]) =>
  spawn(process.execPath, ['--input-type=module', '-e', code, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  })
const HOLDER = `
  import { takeLock } from './lock.ts'
  try { await takeLock(process.argv[1]); console.log('held') } catch (error) { console.log(error.code) }
  setInterval(() => {}, 1000)
`

describe.runIf(process.env.DAKERA_TEST_ENGINE !== 'postgres')('opening the embedded database', () => {
  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'pglite-open-'))
    fresh = folder('fresh')
    await (await open(fresh)).close()
  })
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

  test('a directory in use is refused, naming who uses it; closing gives it free', async () => {
    const dataDir = copy('used')
    const first = await open(dataDir)
    await expect(open(dataDir)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining('this very process'),
    })
    await Promise.all([first.close(), first.close()])
    await (await open(dataDir)).close()
  })

  test('another process is named by its id; after kill -9 its lock is taken over by exactly one of many', async () => {
    const locks = folder('race')
    const first = script(HOLDER, locks)
    await once(first.stdout, 'data')
    await expect(takeLock(locks)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining(`process ${first.pid},`),
    })
    const gone = once(first, 'exit')
    first.kill('SIGKILL')
    await gone
    const racers = Array.from({ length: 6 }, () => script(HOLDER, locks))
    const outcomes = await Promise.all(
      racers.map(async (racer) => String((await once(racer.stdout, 'data'))[0]).trim()),
    )
    for (const racer of racers) racer.kill('SIGKILL')
    expect(outcomes.sort()).toEqual(['IN_USE', 'IN_USE', 'IN_USE', 'IN_USE', 'IN_USE', 'held'])
  })

  test.runIf(process.platform === 'linux')(
    'a process id that was given to another process does not count as the holder',
    async () => {
      const locks = folder('reused')
      await takeLock(locks)
      const file = path.join(locks, '1.json')
      fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), started: '1' }))
      ;(await takeLock(locks)).release()
      expect(fs.readdirSync(locks)).toEqual(['2.json'])
    },
  )

  test('a holder on another host counts as long as it touches its lock', async () => {
    const locks = folder('foreign')
    const lock = await takeLock(locks)
    const file = path.join(locks, '1.json')
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), host: 'elsewhere' }))
    await expect(takeLock(locks)).rejects.toMatchObject({
      code: 'IN_USE',
      message: expect.stringContaining('elsewhere'),
    })
    lock.release()
    fs.writeFileSync(file, JSON.stringify({ pid: 1, started: '1', host: 'elsewhere', since: '', command: '' }))
    ;(await takeLock(locks)).release()
  })

  test('a creation that was interrupted begins anew', async () => {
    const dataDir = folder('interrupted')
    fs.mkdirSync(path.join(dataDir, 'postgres', 'base'), { recursive: true })
    fs.writeFileSync(path.join(dataDir, 'postgres', 'PG_VERSION'), String(POSTGRES_MAJOR))
    fs.writeFileSync(path.join(dataDir, 'unfinished'), '')
    await (await open(dataDir)).close()
    expect(fs.existsSync(path.join(dataDir, 'unfinished'))).toBe(false)
  })

  test('a table whose HNSW index is full of dead entries is rebuilt at the next start after a shutdown', async () => {
    const dataDir = copy('dead')
    const first = await open(dataDir)
    const sql = postgres({ socket: first.socket, max: 1, onnotice: () => {} } as never) as Sql
    await sql`create extension vector`
    await sql`create table places (id int primary key, v halfvec(3))`
    await sql`create index places_v on places using hnsw ((v::vector(3)) vector_cosine_ops)`
    await sql`insert into places select i, array[i, 1, 2]::real[]::vector(3)::halfvec(3)
      from generate_series(1, 3000) i`
    await sql`delete from places where id % 2 = 0`
    await sql.end()
    await first.close()
    const said: string[] = []
    const reopen = () =>
      superviseEmbedded({
        dataDir,
        durability: 'full',
        log: { ...log, info: (about: object) => said.push(JSON.stringify(about)) },
      })
    const noted = path.join(dataDir, 'dead-entries.json')
    // as after a crash
    fs.writeFileSync(noted, JSON.stringify({ ...JSON.parse(fs.readFileSync(noted, 'utf8')), isClosed: false }))
    await (await reopen()).close()
    expect(said).toEqual([]) // callers are not kept waiting for it
    await (await reopen()).close()
    expect(said).toEqual(['{"table":"public.places","dead":1500}'])
    await (await reopen()).close()
    expect(said).toHaveLength(1)
  })

  test('an export can be read back', async () => {
    const pglite = await open(copy('export'))
    const restored = await PGlite.create({ loadDataDir: await pglite.dump() })
    expect(
      (await restored.query<{ server_version_num: string }>('show server_version_num')).rows[0]?.server_version_num,
    ).toMatch(new RegExp(`^${POSTGRES_MAJOR}`))
    await restored.close()
    await pglite.close()
  })

  test('what cannot be opened is explained', async () => {
    const refusal = (dataDir: string) =>
      open(dataDir).then(
        () => 'opened',
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      )
    const file = path.join(folder('file'), 'a-file')
    fs.writeFileSync(file, '')
    expect(await refusal(file)).toContain('UNUSABLE: ')
    expect(await refusal(path.join(file, 'below'))).toMatch(/UNUSABLE: .*a part of the path is a file/)

    const other = folder('other')
    fs.mkdirSync(path.join(other, 'postgres'))
    fs.writeFileSync(path.join(other, 'postgres', 'letter.txt'), 'dear')
    expect(await refusal(other)).toContain('contains files, but no database')

    const dataDir = copy('damaged')
    const version = path.join(dataDir, 'postgres', 'PG_VERSION')
    fs.writeFileSync(version, '19\n')
    expect(await refusal(dataDir)).toContain('was written by Postgres 19')
    fs.writeFileSync(version, '18\n')
    fs.writeFileSync(path.join(dataDir, 'postgres', 'global', 'pg_control'), Buffer.alloc(8192))
    expect(await refusal(dataDir)).toMatch(
      /UNUSABLE: .*cannot be started.*(pg_control|control file|incorrect checksum|incompatible).*backup/,
    )
  })

  test.runIf(process.getuid?.() === 0)('a directory of somebody else is refused with advice', async () => {
    const dataDir = folder('theirs')
    fs.chmodSync(dataDir, 0o500)
    fs.chmodSync(root, 0o755)
    const code = `
      import { superviseEmbedded } from './supervisor.ts'
      process.setgid(65534); process.setuid(65534)
      try {
        await superviseEmbedded({ dataDir: process.argv[1], durability: 'full', log: console })
        console.log('opened')
      } catch (error) {
        console.log(error.code, error.message)
      }
      process.exit()
    `
    for await (const line of createInterface(script(code, dataDir).stdout))
      expect(line).toMatch(/UNUSABLE .*may not be read or written by this user/)
  })
})

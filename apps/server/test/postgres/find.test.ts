import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { findPostgres } from './find.ts'

/** Returns the major version of the server at this URL, and the version of its pgvector. */
async function ask(url: string) {
  const sql = postgres(url, { max: 1, connect_timeout: 5 })
  try {
    const [row] = await sql`select current_setting('server_version_num')::int / 10000 as major,
      (select default_version from pg_available_extensions where name = 'vector') as vector`
    return row
  } finally {
    await sql.end()
  }
}

function listens(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  return new Promise<boolean>((resolve) =>
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
  ).finally(() => socket.destroy())
}

test('the found Postgres is new enough, has pgvector and is gone after stop', async () => {
  const found = await findPostgres({ ...process.env, TEST_DATABASE_URL: '' })
  const row = await ask(found.url)
  await found.stop()
  expect(row?.major).toBeGreaterThanOrEqual(16)
  expect(row?.vector).toMatch(/^0\.\d+/)
  expect(await listens(found.url)).toBe(false)
})

test('Postgres ends even when the process that started it is killed', async () => {
  const script = `import { findPostgres } from ${JSON.stringify(join(import.meta.dirname, 'find.ts'))}
    console.log((await findPostgres({ ...process.env, TEST_DATABASE_URL: '' })).url)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(holder.stdout, 'data')
  const url = String(line).trim()
  expect(await ask(url)).toBeDefined()
  holder.kill('SIGKILL')
  await expect.poll(() => listens(url), { interval: 100 }).toBe(false)
})

test('a TEST_DATABASE_URL that does not work is an error, not a reason to take another', async () => {
  await expect(findPostgres({ TEST_DATABASE_URL: 'postgres://postgres@127.0.0.1:1/postgres' })).rejects.toThrow(
    'TEST_DATABASE_URL is set but cannot be used',
  )
})

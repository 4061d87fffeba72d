import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEnv, SETTINGS, SettingsError } from './env.ts'

const example = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8')
const lines = example.split('\n').filter((line) => /^[A-Z]/.test(line))

function complaint(source: Record<string, string>): string {
  try {
    readEnv(source)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  throw new Error('expected a complaint')
}

test('.env.example lists exactly the settings that the server reads', () => {
  expect(lines.map((line) => line.split('=')[0]).sort()).toEqual([...SETTINGS].sort())
})

test('the values of .env.example are the defaults', () => {
  expect(readEnv(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2))))).toEqual(readEnv({}))
})

test('every problem is listed at once', () => {
  const message = complaint({
    DAKERA_PORT: '70000',
    DAKERA_LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://x',
    DAKERA_ROOT_API_KEY: 'short',
    OPENAI_BASE_URL: 'ftp://x',
  })
  for (const name of ['DAKERA_PORT', 'DAKERA_LOG_LEVEL', 'DATABASE_URL', 'DAKERA_ROOT_API_KEY', 'OPENAI_BASE_URL'])
    expect(message).toContain(`  ${name} must`)
})

test('a complaint repeats no secret', () => {
  const secret = 'correct horse'
  const message = complaint({
    DATABASE_URL: `mysql://user:${secret}@host/db`,
    DAKERA_MIGRATION_URL: `x:${secret}`,
    DAKERA_ROOT_API_KEY: secret,
    OPENAI_BASE_URL: `ftp://${secret}`,
  })
  expect(message.split('\n')).toHaveLength(5)
  expect(message).not.toContain(secret)
})

test('an empty setting counts as absent', () => {
  expect(readEnv(Object.fromEntries(SETTINGS.map((name) => [name, ''])))).toEqual(readEnv({}))
})

test('without a chosen key the server listens on loopback; with one for others', () => {
  expect(readEnv({}).host).toBe('127.0.0.1')
  expect(readEnv({ DAKERA_ROOT_API_KEY: 'dk-chosen-by-an-operator' }).host).toBe('0.0.0.0')
  expect(readEnv({ DAKERA_ROOT_API_KEY: 'dk-chosen-by-an-operator', DAKERA_HOST: '::1' }).host).toBe('::1')
})

test('an OPENAI_API_KEY alone sends no text anywhere', () => {
  expect(readEnv({ OPENAI_API_KEY: 'sk-lying-around' }).embedding).toEqual({ provider: 'builtin' })
  expect(readEnv({ DAKERA_EMBEDDING_MODEL: 'text-embedding-3-small' }).embedding.provider).toBe('openai')
})

test('a wrong setting is told with its value and its bounds, a secret without', () => {
  expect(complaint({ DAKERA_PORT: 'abc' })).toContain('DAKERA_PORT must be a number; you sent "abc"')
  expect(complaint({ DAKERA_POOL_SIZE: '0' })).toContain('DAKERA_POOL_SIZE must be between 1 and 500; you sent "0"')
  expect(complaint({ DAKERA_LOG_LEVEL: 'loud' })).toContain('"fatal" or "silent"; you sent "loud"')
  expect(complaint({ DAKERA_ROOT_API_KEY: 'my key' })).not.toContain('my key')
})

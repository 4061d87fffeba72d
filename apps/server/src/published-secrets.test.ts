import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isLoopback, PUBLISHED_SECRETS, requirePrivateKey } from './published-secrets.ts'

const ROOT = join(import.meta.dirname, '../../..')
const READ = /\.(md|sh|py|ts|mjs|go|rs)$/
const walk = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => READ.test(name) && !/(^|\/)(node_modules|target|dist)\//.test(name))
    .map((name) => join(folder, name))

/** What people read and copy from: pages, examples, and what package registries and doc generators show of the SDKs. */
const pages = [
  ...['README.md', 'SECURITY.md', 'packages/sdk-go/example_test.go'],
  ...[
    'docs',
    'examples',
    'packages/sdk-rust/src',
    'packages/sdk-ts/src',
    'packages/sdk-python/src',
    'packages/protocol/src',
  ].flatMap(walk),
  ...['ts', 'python', 'rust', 'go'].map((language) => `packages/sdk-${language}/README.md`),
]

test('every secret that is printed where people read is on the list of published ones', () => {
  const printed = pages.flatMap((page) => readFileSync(join(ROOT, page), 'utf8').match(/\bdk-[\w-]{5,}/g) ?? [])
  expect(printed.length).toBeGreaterThan(50)
  expect([...new Set(printed)].filter((secret) => !PUBLISHED_SECRETS.includes(secret))).toEqual([])
})

test('as an admin key a published secret is for loopback alone', () => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    expect(isLoopback(host)).toBe(true)
    for (const secret of PUBLISHED_SECRETS) requirePrivateKey(secret, host)
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'memory.example']) {
    for (const secret of PUBLISHED_SECRETS)
      expect(() => requirePrivateKey(secret, host)).toThrow(/printed in the documentation/)
    requirePrivateKey('a-long-random-secret-of-ours', host)
  }
})

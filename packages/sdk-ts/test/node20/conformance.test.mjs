// Runs on the oldest Node we promise, against the build: `pnpm build`, then `node --test test/node20/*.test.mjs`.
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as esm from '../../dist/index.js'
import { cases, play } from '../conformance.mjs'

const commonjs = createRequire(import.meta.url)('../../dist/index.cjs')

describe('ES module', () => {
  for (const one of cases) test(`${one.file}: ${one.name}`, () => play(one, esm))
})

describe('CommonJS', () => {
  for (const one of cases.filter(({ file }) => file === 'memories.json'))
    test(`${one.file}: ${one.name}`, () => play(one, commonjs))
})

import * as sdk from '@dakera-ai/dakera'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playLive, scenarios } from '../../../packages/sdk-ts/test/live.mjs'
import { addDemo } from '../src/db/demo.ts'
import { start, type TestServer } from './harness.ts'

// Runs the scenarios that every SDK runs, with the TypeScript client, on both databases.
const run = crypto.randomUUID().slice(0, 8)
let t: TestServer
beforeAll(async () => {
  t = await start()
  await t.owner(addDemo)
})
afterAll(() => t?.[Symbol.asyncDispose]())

describe.each([...new Set(scenarios.map(({ file }) => file))])('%s', (file) => {
  test.for(scenarios.filter((one) => one.file === file).map((one) => [one.name, one] as const))('%s', ([, one]) =>
    playLive(one, { sdk, url: t.url, run }),
  )
})

test('a scenario can be played again on the same server', async () => {
  const [scenario] = scenarios
  if (!scenario) return expect.fail('there are no scenarios')
  await playLive(scenario, { sdk, url: t.url, run: `${run}1` })
})

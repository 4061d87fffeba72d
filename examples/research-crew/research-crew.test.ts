import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { DakeraClient } from '@dakera-ai/dakera'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, startDemoServer } from '../demo-server.fixture.ts'
import { grantsOf } from './matrix.ts'

let server: Awaited<ReturnType<typeof startDemoServer>>
let folder: string
let admin: DakeraClient

beforeAll(async () => {
  server = await startDemoServer()
  admin = new DakeraClient({ baseUrl: server.url, apiKey: 'dk-admin-key' })
  folder = await mkdtemp(join(tmpdir(), 'dakera-crew-'))
  await writeFile(join(folder, 'tides.md'), TIDES)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const TIDES = `# Tides

The moon pulls the sea towards itself, and twice a day the
water stands high. A **spring tide** follows when sun and moon stand in line.

\`\`\`
This is code, and nobody should publish it as a finding of anything.
\`\`\`

## Harbours

- Ships of deep draught enter the harbour in the hour before high water.
- The pilot probably leaves at noon, but that is not sure at all today.
`

const crew = (args: string[], env: Record<string, string> = {}) =>
  run(process.execPath, ['examples/research-crew/main.ts', ...args], { DAKERA_URL: server.url, ...env })

test('a folder becomes findings with their place, an article with sources, and notes that stay private', async () => {
  const { code, stdout, stderr } = await crew([folder, '--topic', 'When is high water?', '--team', 'tides'])

  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/writer +\| asks for the researcher's private notes: refused, 403 NAMESPACE_ACCESS_DENIED/)
  expect(stdout).toMatch(/qc +\| tries to publish something itself: refused, 403 INSUFFICIENT_SCOPE/)
  expect(stdout).toContain('# When is high water?')
  expect(stdout).not.toContain('FAILED')

  const shared = await admin.listMemories('tides-shared')
  const findings = shared.filter(({ tags }) => tags.includes('finding'))
  expect(findings.map(({ content, metadata }) => [content, metadata['heading'], metadata['line']])).toEqual(
    expect.arrayContaining([
      ['The moon pulls the sea towards itself, and twice a day the water stands high.', 'Tides', 3],
      ['A spring tide follows when sun and moon stand in line.', 'Tides', 4],
      ['Ships of deep draught enter the harbour in the hour before high water.', 'Harbours', 12],
    ]),
  )
  expect(findings, 'neither code nor guesses').toHaveLength(3)
  expect(new Set(findings.map(({ author }) => author))).toEqual(new Set(['tides-researcher']))
  expect(
    (await admin.listMemories('tides-researcher', { filter: { tags: ['internal-note'] } })).map(
      ({ importance }) => importance,
    ),
  ).toEqual([0.3, 0.3, 0.3, 0.3])
  expect(
    (await admin.listKeys()).filter(({ name }) => name.startsWith('tides-')),
    'the keys end with the crew',
  ).toEqual([])
})

test('without a folder it reads our own docs, and --clean leaves nothing behind', async () => {
  const { code, stdout, stderr } = await crew(['--team', 'docs', '--clean'])

  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/qc +\| checked [1-9]/)
  expect((await admin.listNamespaces()).filter(({ name }) => name.startsWith('docs-'))).toEqual([])
})

test('a model may write, and what it makes up is left out', async () => {
  const asked: { model: string; messages: { content: string }[] }[] = []
  const model = createServer(async (request, response) => {
    asked.push((await json(request)) as (typeof asked)[0])
    const content = [
      'The moon pulls at the sea. [1][2]',
      'Dolphins invented the calendar. [1]',
      'Everybody knows that.',
      'See what stands elsewhere. [99]',
    ].join('\n')
    response.end(JSON.stringify({ choices: [{ message: { content } }] }))
  }).listen(0, '127.0.0.1')
  await once(model, 'listening')
  const endpoint = {
    OPENAI_API_KEY: 'sk-test',
    DAKERA_EXAMPLE_MODEL: 'some-model',
    OPENAI_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
  }
  const { code, stdout, stderr } = await crew(
    [folder, '--topic', 'What does the moon pull?', '--team', 'model'],
    endpoint,
  )
  model.close()

  expect(code, stdout + stderr).toBe(0)
  expect(asked).toHaveLength(1)
  expect(asked[0]?.messages[1]?.content).toContain('[1] (tides.md, Tides) The moon pulls the sea')
  expect(stdout).toContain('left out 3 sentences of the model that have no source')
  expect(stdout).toMatch(/qc +\| checked 1 sentences/)
})

test('the QC refuses an article whose sentences have no source', async () => {
  const task = { content: 'T-3', tags: ['task', 'assigned:qc', 'task_id:T-3'] }
  const article = {
    content: '# Made up\n\nThe sea is made of lemonade. [1]\nIt is also dry.',
    tags: ['article', 'status:complete'],
    metadata: { cites: ['mem_never'] },
  }
  await admin.storeMemory('made-up-coordinator', task)
  await admin.storeMemory('made-up-shared', article)
  const { key } = await admin.createKey({ name: 'made-up-qc', grants: grantsOf('made-up', 'qc') })
  const { code, stdout, stderr } = await agent('qc', 'made-up', key)

  expect(code).toBe(1)
  expect(stdout).toContain('a sentence cites what is not there: The sea is made of lemonade.')
  expect(stdout).toContain('a sentence has no source: It is also dry.')
  expect(stderr).toContain('2 of 2 sentences cannot be published.')
})

test('a writer that can read private notes ends with 1', async () => {
  await admin.storeMemory('open-coordinator', { content: 'T-2', tags: ['task', 'assigned:writer', 'task_id:T-2'] })
  const { key } = await admin.createKey({
    name: 'open-writer',
    grants: { ...grantsOf('open', 'writer'), 'open-researcher': 'read' },
  })
  const { code, stderr } = await agent('writer', 'open', key)

  expect(code).toBe(1)
  expect(stderr).toContain('the server allowed it, and it must not')
})

test('what cannot work says why and ends with 1', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'dakera-empty-'))
  const nothing = await crew([empty])
  await rm(empty, { recursive: true })
  expect([nothing.code, nothing.stdout]).toEqual([1, expect.stringContaining('There is nothing to read')])

  const stranger = await crew([folder], { DAKERA_API_KEY: 'dk-writer-key' })
  expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining("an admin's key")])

  const nobody = await crew([folder], { DAKERA_URL: 'http://127.0.0.1:1' })
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Is the server running?')])

  const nowhere = await crew([join(folder, 'nowhere')])
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('Usage:')])

  const help = await crew(['--help'])
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--topic')])
})

const agent = (role: string, team: string, key: string) =>
  run(process.execPath, [`examples/research-crew/${role}.ts`, team, folder, 'Anything'], {
    DAKERA_URL: server.url,
    DAKERA_API_KEY: key,
  })

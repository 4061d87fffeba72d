import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DakeraClient } from '@dakera-ai/dakera'
import { expect, type TestContext, test } from 'vitest'
import { root, run, startDemoServer } from '../demo-server.fixture.ts'
import { FIRST_BUILD_MS, need } from '../toolchains.fixture.ts'
import type { Language, Sample } from './extract/sample.ts'
import { tableColumn } from './extract/table.ts'
import { extractSamples } from './extract.ts'
import { pythonCalls, runGo, runPython, runRust, runTypeScript, typescriptCalls } from './programs.fixture.ts'

// The document lies beside the repository and its text stays there: nothing in this folder repeats it.
const DOCUMENT = join(root, '../shared/product.md')
const PORT = 3300
const here = import.meta.dirname
const TEAM = ['coordinator', 'researcher', 'team-shared', 'writer']

test('lines that name the server belong to samples; only what the document has lost is put back', async (context) => {
  const document = await readDocument(context)
  const samples = extractSamples(document)

  const calls = (text: string) => text.split(`localhost:${PORT}`).length
  expect(calls(samples.map(({ text }) => text).join('\n'))).toBe(calls(document))
  const asFound = ({ language, text }: Sample) =>
    language === 'python' ? text.replaceAll(/^ +/gm, '') : language === 'go' ? text.replaceAll('\\n', '\n') : text
  expect(samples.filter((sample) => !document.includes(asFound(sample)))).toEqual([])
  const repairs = samples.map((sample) => asFound(sample).split('\n').length - sample.text.split('\n').length)
  // One string of Go, which stands on two lines.
  expect(repairs.filter((lines) => lines !== 0)).toEqual([1])
})

test('the curl samples work as printed, and the writer recalls only the verified finding', async (context) => {
  const samples = await read(context, 'curl')
  await using server = await startServer()

  const replies: Reply[] = []
  for (const sample of samples) replies.push(...(await runCurl(sample, server.url)))

  expect(replies.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual([])
  const listed = replies.flatMap(({ body }) => (body['namespaces'] ? [body['namespaces']] : []))
  expect(listed).toEqual([expect.arrayContaining(['team-shared', 'researcher', 'writer'])])
  const recalls = replies.flatMap(({ body }) =>
    body['memories'] ? [body['memories'] as { memory: { agent_id: string; tags: string[] } }[]] : [],
  )
  expect(recalls).toHaveLength(1)
  expect(recalls[0]?.map(({ memory }) => memory.agent_id)).toEqual(['team-shared'])
  expect(recalls[0]?.[0]?.memory.tags).toContain('verified')
  const stored = replies.flatMap(({ body }) =>
    body['memory'] ? [(body['memory'] as { agent_id: string }).agent_id] : [],
  )
  expect(stored).toEqual(['researcher', 'team-shared', 'writer', 'team-shared'])
  expect(await contents(server.url)).toEqual({ 'team-shared': 2, researcher: 1, writer: 1 })
})

test('the TypeScript samples run as printed and print what the document says', async (context) => {
  const samples = await read(context, 'typescript')
  await using server = await startServer()

  const [names, ...counts] = await runTypeScript(onPort(samples, server.url))
  expect(words(names)).toEqual(TEAM)
  expect(counts.map(digits), 'findings of the researcher, then items with the article').toEqual(['2', '3'])
  expect(await contents(server.url)).toEqual({ 'team-shared': 3, researcher: 1, writer: 1 })
})

test('the TypeScript samples have no type errors under our own strict settings', async (context) => {
  const samples = await read(context, 'typescript')
  const parent = join(here, 'node_modules/.cache')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'samples-'))
  try {
    const files = samples.map(({ line }) => `line-${line}.mts`)
    for (const [i, { text }] of samples.entries()) await writeFile(join(folder, files[i] ?? ''), text)
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(here, 'tsconfig.json'), files, include: [] }),
    )
    const ended = await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder])
    expect(ended.code, ended.stdout).toBe(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the Python samples run as printed and print what the document says', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const samples = await read(context, 'python')
  need(context, 'python3')
  await using server = await startServer()

  const [names, count, ...findings] = await runPython(onPort(samples, server.url))
  expect(words(names)).toEqual(TEAM)
  expect(digits(count)).toBe('2')
  expect(
    findings.map((line) => /^ *\[(\d\.\d\d)\] \S.{79}$/.exec(line)?.[1]).sort(),
    'the start of each finding',
  ).toEqual(['0.80', '0.85'])
  expect(await contents(server.url), 'the task queue comes on top').toEqual({
    coordinator: 2 + 2,
    'team-shared': 3,
    researcher: 2,
    writer: 1,
  })
})

test('the Rust samples run as printed and print what the document says', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const samples = await read(context, 'rust')
  need(context, 'cargo')
  await using server = await startServer()

  const [names, ...counts] = await runRust(onPort(samples, server.url))
  expect(words(names)).toEqual(TEAM)
  expect(counts.map(digits)).toEqual(['1'])
  expect(await contents(server.url)).toEqual({ 'team-shared': 2, researcher: 1 })
})

test('the Go samples run as printed and print what the document says', { timeout: FIRST_BUILD_MS }, async (context) => {
  const samples = await read(context, 'go')
  need(context, 'go')
  await using server = await startServer()

  const [names, ...counts] = await runGo(onPort(samples, server.url))
  expect(words(names)).toEqual(TEAM)
  expect(counts.map(digits)).toEqual(['1'])
  expect(await contents(server.url)).toEqual({ 'team-shared': 2, researcher: 1 })
})

test.for(['Python', 'TypeScript'] as const)(
  'every call of the reference table works in %s',
  { timeout: FIRST_BUILD_MS },
  async (language, context) => {
    const forms = tableColumn(await readDocument(context), language)
    if (language === 'Python') need(context, 'python3')
    await using server = await startDemoServer()

    const [runner, calls] = language === 'Python' ? [runPython, pythonCalls] : [runTypeScript, typescriptCalls]
    const results = (await runner([{ line: 1, text: calls(forms, server.url) }])).map((line) => JSON.parse(line))
    const found = { agent_id: 'team-shared', content: expect.any(String), importance: 0.85, score: expect.any(Number) }
    expect(results).toEqual([
      expect.objectContaining({ agent_id: 'researcher', importance: 0.5 }),
      expect.objectContaining({ agent_id: 'team-shared', importance: 0.85 }),
      [expect.objectContaining(found)],
      TEAM.map((name) => expect.objectContaining({ name })),
      [expect.objectContaining(found)],
      expect.objectContaining({ deleted_count: 1 }),
    ])
    expect(await contents(server.url)).toEqual({ 'team-shared': 1, researcher: 1 })
  },
)

/** How many samples of each language the document has. */
const COUNTS: Record<Language, number> = { curl: 2, typescript: 2, python: 3, rust: 2, go: 2 }

async function read(context: TestContext, language: Language): Promise<Sample[]> {
  const samples = extractSamples(await readDocument(context)).filter((sample) => sample.language === language)
  expect(samples).toHaveLength(COUNTS[language])
  return samples
}

/** Without the document the test is left out, and says so. */
async function readDocument(context: TestContext): Promise<string> {
  context.skip(
    !existsSync(DOCUMENT),
    'The product document is not here: it belongs beside the repository, at ../shared/product.md.',
  )
  return readFile(DOCUMENT, 'utf8')
}

/**
 * On the port of the samples when it is free, so that they run word for word. Where it is taken, only the port is
 * replaced in them.
 */
async function startServer() {
  const isFree = (await canListen('127.0.0.1')) && (await canListen('::1'))
  return startDemoServer(isFree ? PORT : 0)
}

const withPort = (text: string, url: string) => text.replaceAll(`localhost:${PORT}`, `localhost:${new URL(url).port}`)
const onPort = (samples: Sample[], url: string) =>
  samples.map((sample) => ({ ...sample, text: withPort(sample.text, url) }))

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(PORT, host, () => server.close(() => resolve(true)))
  })
}

const words = (line = '') => line.match(/[\w-]+/g)
const digits = (line = '') => line.replaceAll(/[^\d]/g, '')

type Reply = { status: number; body: Record<string, unknown> }

/**
 * Runs the commands as they are. What makes a failure fail, and replies readable, stands in curl's own settings file
 * beside them.
 */
async function runCurl({ text, line }: Sample, url: string): Promise<Reply[]> {
  const settings = await mkdtemp(join(tmpdir(), 'dakera-curl-'))
  try {
    await writeFile(join(settings, '.curlrc'), 'silent\nshow-error\nfail-with-body\nwrite-out = "\\n%{http_code}\\n"\n')
    const ended = await run('bash', ['-e'], { CURL_HOME: settings }, { input: withPort(text, url) })
    expect(ended.code, `line ${line}: ${ended.stderr}\n${ended.stdout}`).toBe(0)
    const lines = ended.stdout.trimEnd().split('\n')
    return Array.from({ length: lines.length / 2 }, (_, i) => ({
      body: JSON.parse(lines[2 * i] ?? ''),
      status: Number(lines[2 * i + 1]),
    }))
  } finally {
    await rm(settings, { recursive: true, force: true })
  }
}

/** How many memories each namespace holds that has any. */
async function contents(baseUrl: string): Promise<Record<string, number>> {
  const namespaces = await new DakeraClient({ baseUrl, apiKey: 'dk-admin-key' }).listNamespaces()
  return Object.fromEntries(
    namespaces
      .filter(({ memory_count }) => memory_count)
      .map(({ name, memory_count }) => [name, memory_count as number]),
  )
}

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DakeraClient } from '@dakera-ai/dakera'
import { expect, type TestContext, test } from 'vitest'
import { root, run, startDemoServer } from '../demo-server.fixture.ts'
import { extractSamples, type Sample } from './extract.ts'

// The document lies beside the repository and its text stays there: nothing in this folder repeats it.
const DOCUMENT = join(root, '../shared/product.md')
const PORT = 3300
const here = import.meta.dirname

test('the curl samples work as printed, and the writer recalls only the verified finding', async (context) => {
  const samples = await read(context, 'curl')
  await using server = await startServer()

  const replies: Reply[] = []
  for (const sample of samples) replies.push(...(await runCurl(sample, server.url)))

  expect(replies.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual([])
  const listed = replies.flatMap(({ body }) => (body['namespaces'] ? [body['namespaces']] : []))
  expect(listed).toEqual([expect.arrayContaining(['team-shared', 'researcher', 'writer'])])
  const recalls = replies.flatMap(({ body }) => (body['memories'] ? [body['memories'] as { memory: { agent_id: string; tags: string[] } }[]] : []))
  expect(recalls).toHaveLength(1)
  expect(recalls[0]?.map(({ memory }) => memory.agent_id)).toEqual(['team-shared'])
  expect(recalls[0]?.[0]?.memory.tags).toContain('verified')
  const stored = replies.flatMap(({ body }) => (body['memory'] ? [(body['memory'] as { agent_id: string }).agent_id] : []))
  expect(stored).toEqual(['researcher', 'team-shared', 'writer', 'team-shared'])
  expect(await contents(server.url)).toEqual({ 'team-shared': 2, researcher: 1, writer: 1 })
})

test('the TypeScript samples run as printed and print what the document says', async (context) => {
  const samples = await read(context, 'typescript')
  await using server = await startServer()

  const printed: string[] = []
  for (const sample of samples) {
    // From standard input, as a module in this folder, which has the client: the sample is the whole program.
    const ended = await run(process.execPath, ['--input-type=module-typescript'], {}, { cwd: here, input: withPort(sample.text, server.url) })
    expect(ended.code, `line ${sample.line}: ${ended.stderr}`).toBe(0)
    printed.push(...ended.stdout.trimEnd().split('\n'))
  }

  const [names, ...counts] = printed
  expect(names?.match(/[\w-]+/g)).toEqual(['coordinator', 'researcher', 'team-shared', 'writer'])
  expect(
    counts.map((line) => line.replaceAll(/[^\d]/g, '')),
    'findings of the researcher, then items with the article',
  ).toEqual(['2', '3'])
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
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: join(here, 'tsconfig.json'), files, include: [] }))
    const ended = await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder])
    expect(ended.code, ended.stdout).toBe(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** The samples of a language, two of each; without the document the test is left out, and says so. */
async function read(context: TestContext, language: Sample['language']): Promise<Sample[]> {
  context.skip(!existsSync(DOCUMENT), 'The product document is not here: it belongs beside the repository, at ../shared/product.md.')
  const samples = extractSamples(await readFile(DOCUMENT, 'utf8')).filter((sample) => sample.language === language)
  expect(samples).toHaveLength(2)
  return samples
}

/** On the port of the samples when it is free, so that they run word for word. Where it is taken, only the port is replaced in them. */
async function startServer() {
  const isFree = (await canListen('127.0.0.1')) && (await canListen('::1'))
  return startDemoServer(isFree ? PORT : 0)
}

const withPort = (text: string, url: string) => text.replaceAll(`localhost:${PORT}`, `localhost:${new URL(url).port}`)

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen(PORT, host, () => server.close(() => resolve(true)))
  })
}

type Reply = { status: number; body: Record<string, unknown> }

/** Runs the commands as they are. What makes a failure fail, and replies readable, stands in curl's own settings file beside them. */
async function runCurl({ text, line }: Sample, url: string): Promise<Reply[]> {
  const settings = await mkdtemp(join(tmpdir(), 'dakera-curl-'))
  try {
    await writeFile(join(settings, '.curlrc'), 'silent\nshow-error\nfail-with-body\nwrite-out = "\\n%{http_code}\\n"\n')
    const ended = await run('bash', ['-e'], { CURL_HOME: settings }, { input: withPort(text, url) })
    expect(ended.code, `line ${line}: ${ended.stderr}\n${ended.stdout}`).toBe(0)
    const lines = ended.stdout.trimEnd().split('\n')
    return Array.from({ length: lines.length / 2 }, (_, i) => ({ body: JSON.parse(lines[2 * i] ?? ''), status: Number(lines[2 * i + 1]) }))
  } finally {
    await rm(settings, { recursive: true, force: true })
  }
}

/** How many memories each namespace holds that has any. */
async function contents(baseUrl: string): Promise<Record<string, number>> {
  const namespaces = await new DakeraClient({ baseUrl, apiKey: 'dk-admin-key' }).listNamespaces()
  return Object.fromEntries(namespaces.filter(({ memory_count }) => memory_count).map(({ name, memory_count }) => [name, memory_count as number]))
}

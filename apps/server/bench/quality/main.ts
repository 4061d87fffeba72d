import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DakeraClient } from '@dakera-ai/dakera'
import { type Collection, readDataset } from './dataset.ts'
import { type Answer, CUTS, grep, type Score, score } from './score.ts'

const HELP = `Measures how well recall finds the memories that answer a question, through a running server.

Usage: pnpm bench:recall [options]

  --data <file>          Conversations (LoCoMo format) or notes; default: our own small set
  --database-url <url>   An empty Postgres database; default: the embedded one, in a temporary folder
  --weight <0..1>        vector_weight of the hybrid arm; default: the server's own
  --json                 Print figures as JSON

Memories are loaded through the SDK, with a namespace for each conversation; each arm is asked every question with
top_k 20.
R@k is the mean share of a question's evidence among the first k; MRR is 1 / rank of the first evidence within 20.`

const ARMS = ['grep', 'bm25', 'vector', 'hybrid'] as const
type Arm = (typeof ARMS)[number]

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      'database-url': { type: 'string' },
      weight: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return console.log(HELP)
  const collections = readDataset(values.data ?? new URL('./data/crew.json', import.meta.url).pathname)
  const server = await startServer(values['database-url'])
  try {
    const answers = await askAll(
      server.client,
      collections,
      values.weight === undefined ? undefined : Number(values.weight),
    )
    report(answers, values.json === true)
  } finally {
    await server.stop()
  }
}

async function startServer(databaseUrl: string | undefined) {
  const dataDir = mkdtempSync(join(tmpdir(), 'dakera-quality-'))
  const key = 'dk-quality-bench'
  const env = {
    PATH: process.env.PATH,
    DAKERA_DATA_DIR: dataDir,
    DAKERA_ROOT_API_KEY: key,
    DAKERA_LOG_LEVEL: 'warn',
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  }
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--port', '0', '--host', '127.0.0.1'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const found = /listens on (http:\S+)/.exec(said)?.[1]
      if (found) resolve(found)
    })
    child.once('close', () => reject(new Error(`The server ended before it listened. ${said}`)))
  })
  return {
    client: new DakeraClient({ baseUrl: url, apiKey: key }),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function askAll(
  client: DakeraClient,
  collections: Collection[],
  weight: number | undefined,
): Promise<Record<Arm, Answer[]>> {
  const answers: Record<Arm, Answer[]> = { grep: [], bm25: [], vector: [], hybrid: [] }
  const total = collections.reduce((sum, { memories, questions }) => sum + memories.length + questions.length, 0)
  let done = 0
  const progress = (steps: number) => {
    done += steps
    if (process.stderr.isTTY)
      process.stderr.write(`\r${Math.round((100 * done) / total)} %${done === total ? '\n' : ''}`)
  }
  for (const { name, memories, questions } of collections) {
    for (let i = 0; i < memories.length; i += 200) {
      const page = memories.slice(i, i + 200)
      await client.storeMemories(name, page)
      progress(page.length)
    }
    for (const { text, category, evidence } of questions) {
      answers.grep.push({ category, evidence, found: grep(memories, text) })
      for (const arm of ['bm25', 'vector', 'hybrid'] as const) {
        const found = await client.recall(name, text, {
          topK: 20,
          routing: arm,
          ...(arm === 'hybrid' && weight !== undefined && { vectorWeight: weight }),
        })
        answers[arm].push({ category, evidence, found: found.map(({ id }) => id) })
      }
      progress(1)
    }
  }
  return answers
}

function report(answers: Record<Arm, Answer[]>, asJson: boolean): void {
  const categories = [...new Set(answers.hybrid.map(({ category }) => category))].sort()
  const table = [...categories, 'all'].map((category) => {
    const of = (arm: Arm) => score(answers[arm].filter((answer) => category === 'all' || answer.category === category))
    return { category, ...(Object.fromEntries(ARMS.map((arm) => [arm, of(arm)])) as Record<Arm, Score>) }
  })
  if (asJson) {
    console.log(JSON.stringify(table, null, 2))
    return
  }
  const line = (category: string, arm: string, questions: string, numbers: string[]) =>
    console.log(
      category.padEnd(16) + arm.padEnd(8) + questions.padStart(5) + numbers.map((n) => n.padStart(7)).join(''),
    )
  line('category', 'arm', 'n', [...CUTS.map((k) => `R@${k}`), 'MRR'])
  for (const { category, ...arms } of table) {
    for (const arm of ARMS) {
      const { questions, recall, mrr } = arms[arm]
      line(
        category,
        arm,
        String(questions),
        [...CUTS.map((k) => recall[k]), mrr].map((value) => value.toFixed(3)),
      )
    }
  }
}

await main()

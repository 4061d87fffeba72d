import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'

/** Runs a program to its end and returns its output. Rejects if it fails. */
export type Run = (command: string[], options?: SpawnOptions) => Promise<string>
export type Test = { name: string; verdict: 'passed' | 'failed' | 'skipped'; isConformance: boolean }
/**
 * The results in the output of a suite. `why` explains a failure; it is absent if the suite ran to its end and passed.
 */
export type Results = { tests: Test[]; why?: string | undefined }

/** The address of a server that was started with --demo, for the live suite. */
const liveUrl = process.env['DAKERA_LIVE_URL'] || undefined

/**
 * Returns the checks of one client in its own language. `hidden` matches variables of the environment that must not
 * reach a test, in addition to those that describe a server; `env` contains those that all programs of the client need.
 */
export function checksOf(home: string, hidden: RegExp, env: Record<string, string>) {
  const counts = { passed: 0, failed: 0, skipped: 0, conformance: { passed: 0, failed: 0 } }
  const failures: string[] = []
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('DAKERA_') && !hidden.test(name))
  const surroundings = { ...Object.fromEntries(kept), ...(liveUrl && { DAKERA_LIVE_URL: liveUrl }), ...env }

  const run: Run = (command, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command[0] ?? '', command.slice(1), {
        cwd: home,
        ...options,
        env: { ...surroundings, ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const output: string[] = []
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => output.push(chunk.toString()))
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) resolve(output.join(''))
        else reject(new Error(`${command.join(' ')} ended with ${code}\n${output.join('')}`))
      })
    })

  /** Runs one check, which counts as one test. A returned text that begins with `skipped` means that it was skipped. */
  async function check(name: string, work: string[] | (() => Promise<unknown>)): Promise<void> {
    const startedAt = Date.now()
    let verdict = 'ok'
    try {
      const result = await (Array.isArray(work) ? run(work).then(() => undefined) : work())
      if (typeof result === 'string' && result.startsWith('skipped')) verdict = result
      counts[verdict === 'ok' ? 'passed' : 'skipped']++
    } catch (error) {
      verdict = 'FAILED'
      fail(name, (error as Error).message)
    }
    say(`${name} ... ${verdict} (${since(startedAt)})`)
  }

  /** Runs a program of many tests, each of which counts. */
  async function suite(
    name: string,
    command: string[],
    read: (output: string, hasFailed: boolean) => Results,
    options: SpawnOptions = {},
  ): Promise<void> {
    const startedAt = Date.now()
    const { output, hasFailed } = await run(command, options).then(
      (output) => ({ output, hasFailed: false }),
      ({ message }: Error) => ({ output: message, hasFailed: true }),
    )
    const { tests, why } = read(output, hasFailed)
    for (const { verdict, isConformance } of tests) {
      counts[verdict]++
      if (isConformance && verdict !== 'skipped') counts.conformance[verdict]++
    }
    const failed = tests.filter(({ verdict }) => verdict === 'failed').length
    if (why !== undefined) failures.push(`${name}\n${why}`)
    if (why !== undefined && failed === 0) counts.failed++ // it ended before its tests, or during them
    const passed = tests.filter(({ verdict }) => verdict === 'passed').length
    say(`${name}: ${passed} passed, ${failed} failed (${since(startedAt)})`)
  }

  /** Checks the output of the language's example, whatever else the server contains. */
  async function checkExample(command: string[]): Promise<string | undefined> {
    if (!liveUrl) return 'skipped: DAKERA_LIVE_URL is not set'
    const lines = (await run(command, { env: { DAKERA_URL: liveUrl } })).split('\n')
    const expected = [
      /^Namespaces: .*\bteam-shared\b/,
      /^The writer finds [2-9]\d* findings:$/,
      /^ {2}\[0\.8[05]\] /,
      /^The researcher sees: Article finished/,
      /: 403 NAMESPACE_ACCESS_DENIED$/,
    ]
    const missing = expected.find((line) => !lines.some((one) => line.test(one)))
    if (missing) throw new Error(`No line matches ${missing}:\n${lines.join('\n')}`)
    return undefined
  }

  function fail(name: string, why: string): void {
    counts.failed++
    failures.push(`${name}\n${why}`)
  }

  /** Prints what failed, and writes the counts to the file that `--report` names. */
  function report(): void {
    for (const failure of failures) say(`\nFAILED ${failure}`)
    say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    const { values } = parseArgs({ options: { report: { type: 'string' } } })
    if (values.report) {
      mkdirSync(dirname(values.report), { recursive: true })
      writeFileSync(values.report, `${JSON.stringify(counts)}\n`)
    }
    process.exitCode = counts.failed > 0 ? 1 : 0
  }

  return { run, check, suite, checkExample, fail, report }
}

export const say = (line: string) => process.stdout.write(`${line}\n`)
const since = (startedAt: number) => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`

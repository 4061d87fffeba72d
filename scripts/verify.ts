// pnpm verify: every check that needs no database. Seconds, not minutes.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { readConfig } from '@changesets/config'
import { readChangesets } from '@changesets/read'
import { findWrongReplies } from './conformance-replies.ts'
import { findContractWithoutChangeset } from './contract-changeset.ts'
import { findGaps } from './contract-coverage.ts'
import { COLUMNS, findWideLines } from './line-width.ts'
import { findBreaches } from './published-contract.ts'

const root = dirname(import.meta.dirname)
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}

/** A check returns nothing if it passes, otherwise the problem and what to do. */
type Check = () => Promise<string | undefined> | string | undefined

const README_LINES = 150
const GENERATED = '@generated'

const checks: Record<string, Check> = {
  format: () => run('biome format', 'Repair with: pnpm format'),
  'lint, import direction, cycles': () =>
    run('biome lint --error-on-warnings', 'The import rules and their reasons are in scripts/import-rules.ts.'),
  'types of every package': () => run('turbo run typecheck --continue --output-logs=errors-only'),
  'types of the workspace files': () => run('tsc --noEmit -p tsconfig.json'),
  'generated files are up to date': checkGenerated,
  'methods, cases and documents of every call': () => findGaps(root).join('\n'),
  'replies of the conformance cases': () => findWrongReplies(join(root, 'packages/protocol/conformance')).join('\n'),
  'promises of the published contract': checkPublishedContract,
  'links in documents': () => run('remark . --quiet --frail --no-stdout'),
  changesets: checkChangesets,
  'a changeset for the contract': () => findContractWithoutChangeset(root),
  [`lines of at most ${COLUMNS} columns`]: () => findWideLines(root).join('\n'),
  'README length': checkReadme,
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const started = performance.now()
  const problem = (await Promise.try(check).catch(String)) || undefined
  console.log(
    `${problem === undefined ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  )
  if (problem === undefined) continue
  failed += 1
  console.log(problem.trim().replaceAll(/^/gm, '       '))
}
const report = process.argv.indexOf('--report')
if (report > 0)
  writeFileSync(
    process.argv[report + 1] ?? '',
    JSON.stringify({ passed: Object.keys(checks).length - failed, failed, skipped: 0 }),
  )
process.exitCode = failed > 0 ? 1 : 0

function run(line: string, advice = ''): string | undefined {
  const [command = '', ...args] = line.split(' ')
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status === 0) return undefined
  return [`$ ${line}`, error?.message, stdout, stderr, advice].filter(Boolean).join('\n')
}

/** Generates the files again, and restores the tree in any case. */
function checkGenerated(): string | undefined {
  const before = generatedFiles()
  const problem = run('pnpm generate')
  const after = generatedFiles()
  const stale = [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file))
  for (const file of stale) {
    const text = before.get(file)
    if (text === undefined) rmSync(join(root, file))
    else writeFileSync(join(root, file), text)
  }
  if (problem !== undefined) return problem
  return stale.length === 0
    ? undefined
    : `Out of date: ${stale.join(', ')}\nRun pnpm generate and commit the result. (The files are left as they were.)`
}

function generatedFiles(): Map<string, string> {
  const exclude = (path: string) => /(^|\/)(node_modules|dist|\.git|\.turbo)$/.test(path)
  const files = globSync(['*.jsonc', '{packages,apps,docs,examples}/**/*.{json,ts,py,rs,go,md,html,sql}'], {
    cwd: root,
    exclude,
  })
  return new Map(
    files
      .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
      .filter(([, text]) => text.slice(0, 500).includes(GENERATED)),
  )
}

function checkPublishedContract(): string | undefined {
  const read = (name: string) => JSON.parse(readFileSync(join(root, 'packages/protocol', name), 'utf8'))
  const breaches = findBreaches(read('published-openapi.json'), read('openapi.json'))
  return breaches.length === 0
    ? undefined
    : `${breaches.join('\n')}\nWhat a published endpoint may change: CONTRIBUTING.md, "Release".`
}

/** Checks that the configuration is valid and that every changeset names published packages. */
async function checkChangesets(): Promise<string | undefined> {
  const { errors } = await readConfig(root)
  if (errors) return `.changeset/config.json: ${errors.join('\n')}`
  const published = globSync('{packages,apps}/*/package.json', { cwd: root })
    .map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')))
    .filter((manifest) => !manifest.private)
    .map((manifest) => manifest.name)
  const changesets = await readChangesets(root)
  const problems = changesets.flatMap(({ id, summary, releases }) => [
    ...(summary.trim() === '' ? [`.changeset/${id}.md says nothing`] : []),
    ...releases
      .filter(({ name }) => !published.includes(name))
      .map(({ name }) => `.changeset/${id}.md names ${name}, which is not published (${published.join(', ')})`),
  ])
  return problems.length === 0 ? undefined : problems.join('\n')
}

function checkReadme(): string | undefined {
  const file = join(root, 'README.md')
  if (!existsSync(file)) return 'There is no README.md.'
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length
  return lines <= README_LINES
    ? undefined
    : `README.md has ${lines} lines, at most ${README_LINES} are allowed. Move what is long into docs/.`
}

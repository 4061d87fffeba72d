import { DakeraClient } from '@dakera-ai/dakera'
import { afterAll, expect, type TestContext, test } from 'vitest'
import { run, startDemoServer } from '../demo-server.fixture.ts'
import { FIRST_BUILD_MS, KEEP_COMPILED, need, pythonWithClient } from '../toolchains.fixture.ts'

const here = import.meta.dirname

let prepared: ReturnType<typeof prepare> | undefined
afterAll(async () => (await prepared?.catch(() => undefined))?.server[Symbol.asyncDispose]())

/** Python and a server, for all tests of this file. */
function ready(context: TestContext) {
  need(context, 'python3')
  prepared ??= prepare()
  return prepared
}

async function prepare() {
  const python = await pythonWithClient(here)
  const server = await startDemoServer()
  const start = (program: string[], args: string[]) =>
    run(python, [...program, ...args], { DAKERA_URL: server.url, ...KEEP_COMPILED }, { cwd: here })
  return {
    server,
    admin: new DakeraClient({ baseUrl: server.url, apiKey: 'dk-admin-key' }),
    pipeline: (...args: string[]) => start(['main.py'], args),
    /** Runs the program after some lines of Python have changed it. */
    changed: (lines: string, ...args: string[]) =>
      start(['-c', `import sys, main, team\n${lines}\nsys.exit(main.main(sys.argv[1:]))`], args),
  }
}

test('thirty mornings: every claim holds, and the server holds what was printed', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const { admin, pipeline } = await ready(context)
  const { code, stdout, stderr } = await pipeline('--team', 'month')

  expect(code, stdout + stderr).toBe(0)
  expect(stdout.match(/^ok /gm)).toHaveLength(10)
  expect(stdout).not.toContain('FAILED')
  expect(stdout.match(/^2026-\d\d-\d\d +data: .* risk_flags first$/gm)).toHaveLength(30)
  expect(stdout).toContain('compaction: the dry run counted 7 old memories, 7 are folded into one')
  expect(stdout).toMatch(/^Trend of 30 reports .* its worst morning was 2026-01-21/m)
  expect(stdout).toMatch(/^ +454\.9 \|( +\*)+$/m)

  const shared = await Array.fromAsync(admin.listMemories('month-shared', { limit: 1000 }))
  const count = (kind: string) => shared.filter(({ metadata }) => metadata['type'] === kind).length
  const kinds = [
    'clean_data_snapshot',
    'analysis_summary',
    'risk_flags',
    'daily_report',
    'trend_report',
    'weekly_digest',
    'data_quality',
  ]
  expect(kinds.map(count)).toEqual([30, 30, 30, 30, 1, 3, 10])
  const facts = (kind: string) => [
    ...new Set(
      shared.filter(({ tags }) => tags.includes(kind)).map(({ author, importance }) => `${author} ${importance}`),
    ),
  ]
  expect(kinds.slice(0, 4).flatMap(facts)).toEqual([
    'month-data 0.9',
    'month-analysis 0.85',
    'month-risk 0.95',
    'month-report 0.9',
  ])

  for (const role of ['data', 'analysis', 'risk', 'report']) {
    const notes = await admin.listMemories(`month-${role}`)
    expect(notes.length).toBeGreaterThanOrEqual(30)
    expect(
      notes.every(
        ({ author, expires_at, importance }) => author === `month-${role}` && expires_at !== null && importance === 0.3,
      ),
    ).toBe(true)
  }
  expect((await admin.listKeys()).filter(({ name }) => name.startsWith('month-'), 'the keys end with the run')).toEqual(
    [],
  )

  const again = await pipeline('--team', 'month')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('Choose another --team')])
  expect(await Array.fromAsync(admin.listMemories('month-shared', { limit: 1000 }))).toHaveLength(shared.length)
})

test('a team that can do more than the table says ends with 1, and --clean leaves nothing behind', {
  timeout: FIRST_BUILD_MS,
}, async (context) => {
  const { admin, changed } = await ready(context)
  const { code, stdout } = await changed(
    `rightly = team.grants_of
def wrongly(role, names):
    grants = rightly(role, names)
    if role == 'analysis': grants[names['coordinator']] = 'read_write'
    if role == 'report': grants[names['data']] = 'read'
    return grants
team.grants_of = wrongly
team.IMPORTANCE['risk_flags'] = 0.8`,
    '--team',
    'open',
    '--clean',
  )

  expect(code, stdout).toBe(1)
  expect(stdout).toContain(
    'FAILED 44 of 48 forbidden reads were refused; allowed: report recalls data; allowed: report searches data',
  )
  expect(stdout).toContain('FAILED 19 of 20 forbidden writes were refused; allowed: analysis writes to coordinator.')
  expect(stdout).toMatch(/^FAILED Risk flags came first in \d+ of 30 recalls\./m)
  expect((await admin.listNamespaces()).filter(({ name }) => name.startsWith('open-'))).toEqual([])
})

test('what cannot work says why and ends with 1', { timeout: FIRST_BUILD_MS }, async (context) => {
  const { pipeline } = await ready(context)
  const stranger = await pipeline('--admin-key', 'dk-writer-key')
  expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining("an admin's key")])

  const nobody = await pipeline('--url', 'http://127.0.0.1:1')
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('Is the server running?')])

  const help = await pipeline('--help')
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--admin-key')])
})

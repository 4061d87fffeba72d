import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, matchesGlob } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rooms } from './import-rules.ts'

const root = dirname(import.meta.dirname)

const RESTRICTED = 'lint/style/noRestrictedImports'
const UNDECLARED = 'lint/correctness/noUndeclaredDependencies'
const NODE_MODULE = 'lint/correctness/noNodejsModules'
const ENVIRONMENT = 'lint/style/noProcessEnv'
const CYCLE = 'lint/suspicious/noImportCycles'

/** A file, its import, and the rule that must reject it; without a rule it is allowed. */
const cases: [file: string, code: string, rule?: string][] = [
  ['packages/protocol/src/a.ts', "export { string } from 'zod'"],
  ['packages/protocol/src/b.ts', "export { ERRORS } from '../src/a.ts'"],
  ['packages/protocol/src/c.ts', "export { Hono } from 'hono'", RESTRICTED],
  ['packages/protocol/src/d.ts', "export { readFileSync } from 'node:fs'", NODE_MODULE],
  ['packages/protocol/src/e.ts', "export { env } from '../../../apps/server/src/env.ts'", RESTRICTED],
  ['packages/protocol/src/f.ts', "export { g } from './g.ts'", CYCLE],
  ['packages/protocol/src/g.ts', "import { f } from './f.ts'\nexport const g = () => f", CYCLE],
  ['packages/protocol/test/a.test.ts', "export { createApp } from '@dakera-ai/server'", RESTRICTED],
  ['packages/codegen/src/a.ts', "export { openapi } from '@dakera-ai/protocol/openapi'"],
  ['packages/codegen/src/b.ts', "export { DakeraClient } from '../../sdk-ts/src/client.ts'", RESTRICTED],
  ['packages/sdk-ts/src/a.ts', "import type { Memory } from '@dakera-ai/protocol'\nexport type A = Memory", RESTRICTED],
  ['packages/sdk-ts/src/b.ts', "import { build } from 'tsdown'\nexport const a = build", UNDECLARED],
  ['packages/sdk-ts/src/c.ts', "import type { ZodType } from 'zod'\nexport type A = ZodType", RESTRICTED],
  ['packages/sdk-ts/src/d.ts', "export { readFileSync } from 'node:fs'", NODE_MODULE],
  ['packages/sdk-ts/src/e.ts', "export { endpoints } from '../../protocol/src/index.ts'", RESTRICTED],
  [
    'packages/mcp/src/a.ts',
    "export { TOOLS } from '@dakera-ai/protocol/tools'\nexport { DakeraClient } from '@dakera-ai/dakera'",
  ],
  ['packages/mcp/src/b.ts', "export { endpoints } from '@dakera-ai/protocol'", RESTRICTED],
  ['packages/integrations-ts/src/a.ts', "export { TOOLS } from '@dakera-ai/protocol/tools'"],
  ['packages/integrations-ts/src/b.ts', "export { openServer } from '@dakera-ai/server'", RESTRICTED],
  ['apps/cli/src/commands/serve.ts', "export { openServer } from '@dakera-ai/server'"],
  ['apps/cli/src/commands/recall.ts', "export { openServer } from '@dakera-ai/server'", RESTRICTED],
  ['apps/cli/src/crew/verify.ts', "import postgres from 'postgres'\nexport const a = postgres"],
  ['apps/cli/src/crew/apply.ts', "import postgres from 'postgres'\nexport const a = postgres", RESTRICTED],
  ['apps/console/src/a.ts', "export { DakeraClient } from '@dakera-ai/dakera'"],
  ['apps/console/src/b.ts', "export { endpoints } from '@dakera-ai/protocol'", RESTRICTED],
  ['apps/console/src/c.ts', "export { readFileSync } from 'node:fs'", NODE_MODULE],
  ['apps/server/src/app.ts', "export { Hono } from 'hono'"],
  ['apps/server/src/http/route.ts', "export type { Context } from 'hono'"],
  ['apps/server/src/http/listen.ts', "export { serve } from '@hono/node-server'"],
  ['apps/server/src/main.ts', 'export const port = process.env.PORT'],
  ['apps/server/src/server.ts', "import type { DakeraClient } from '@dakera-ai/dakera'\nexport type A = DakeraClient"],
  ['apps/server/src/env.ts', 'export const port = process.env.PORT'],
  ['apps/server/src/deps.ts', 'export const port = process.env.PORT', ENVIRONMENT],
  ['apps/server/src/fault.ts', "export type { Context } from 'hono'", RESTRICTED],
  ['apps/server/src/principal.ts', "export { DakeraClient } from '@dakera-ai/dakera'", RESTRICTED],
  ['apps/server/src/http/auth.ts', "export { storeMemory } from '../resources/memories/service.ts'", RESTRICTED],
  [
    'apps/server/src/db/open.ts',
    "import postgres from 'postgres'\nimport { sql } from 'drizzle-orm'\nexport const a = [postgres, sql]",
  ],
  ['apps/server/src/db/tx.ts', "export { storeMemory } from '../resources/memories/service.ts'", RESTRICTED],
  ['apps/server/src/jobs/compaction.ts', "export { storeMemory } from '../resources/memories/service.ts'"],
  ['apps/server/src/jobs/versions.ts', "export { insert } from '../resources/memories/repo.ts'", RESTRICTED],
  ['apps/server/src/jobs/vacuum.ts', "export { route } from '../http/route.ts'", RESTRICTED],
  ['apps/server/src/jobs/expire.ts', "import postgres from 'postgres'\nexport const a = postgres", RESTRICTED],
  ['apps/server/src/embedding/choose.ts', "export { withPrincipal } from '../db/tx.ts'", RESTRICTED],
  ['apps/server/src/resources/memories/repo.ts', "export { sql } from 'drizzle-orm'"],
  ['apps/server/src/resources/memories/routes.ts', "export type { Context } from 'hono'", RESTRICTED],
  ['apps/server/src/resources/memories/service.ts', "export { sql } from 'drizzle-orm'", RESTRICTED],
  ['apps/server/src/resources/keys/repo.ts', "import postgres from 'postgres'\nexport const a = postgres", RESTRICTED],
  ['apps/server/src/resources/keys/service.ts', "export { sql } from '../memories/repo.ts'", RESTRICTED],
  ['apps/server/src/resources/agents/service.ts', "export { storeMemory } from '../memories/service.ts'"],
  ['apps/server/src/resources/agents/routes.ts', "export { find } from '../memories/find.ts'", RESTRICTED],
  ['apps/server/src/resources/agents/repo.ts', "export { route } from '../../http/route.ts'", RESTRICTED],
  ['apps/server/src/resources/memories/recall/query.ts', "export { toMemory } from '../repo.ts'"],
  ['apps/server/src/resources/memories/recall/find.ts', "export { sql } from '../../keys/repo.ts'", RESTRICTED],
  ['apps/server/src/resources/memories/recall/words.ts', "export { Hono } from 'hono'", RESTRICTED],
  ['apps/server/src/resources/keys/routes.ts', "export const load = () => import('hono')", RESTRICTED],
  ['apps/server/src/resources/keys/keys.test.ts', "export { DakeraClient } from '@dakera-ai/dakera'"],
  [
    'examples/crew/main.ts',
    "export { DakeraClient } from '@dakera-ai/dakera'\nexport const key = process.env.DAKERA_API_KEY",
  ],
  ['examples/crew/writer.ts', "export { endpoints } from '@dakera-ai/protocol'", RESTRICTED],
  ['examples/crew/quality.ts', "export { createApp } from '../../apps/server/src/app.ts'", RESTRICTED],
]

/** The folders of planned packages. */
const COMING = ['packages/codegen', 'packages/mcp', 'packages/integrations-ts', 'apps/cli', 'apps/console']
const dependencies = Object.fromEntries(
  ['@dakera-ai/protocol', '@dakera-ai/dakera', '@dakera-ai/server', 'postgres', 'hono'].map((name) => [name, '*']),
)

const tree = mkdtempSync(join(tmpdir(), 'dakera-imports-'))
const findings = new Map<string, string[]>()

beforeAll(() => {
  for (const file of [
    'biome.json',
    'biome.imports.jsonc',
    'packages/protocol/package.json',
    'packages/sdk-ts/package.json',
    'apps/server/package.json',
  ]) {
    cpSync(join(root, file), join(tree, file), { recursive: true })
  }
  for (const [file, code] of cases) {
    mkdirSync(dirname(join(tree, file)), { recursive: true })
    writeFileSync(join(tree, file), `${code}\n`)
  }
  for (const room of COMING) {
    const manifest = join(tree, room, 'package.json')
    if (!existsSync(manifest)) writeFileSync(manifest, JSON.stringify({ name: room, dependencies }))
  }
  const biome = join(root, 'node_modules/.bin/biome')
  const { stdout } = spawnSync(biome, ['lint', '--reporter=github', '--max-diagnostics=none'], {
    cwd: tree,
    encoding: 'utf8',
  })
  for (const [, rule = '', file = ''] of stdout.matchAll(/title=(lint\/[\w/]+),file=([^,]+)/g)) {
    const name = file.replace(/^.*?(?=(packages|apps|examples)\/)/, '')
    findings.set(name, [...(findings.get(name) ?? []), rule])
  }
})

afterAll(() => rmSync(tree, { recursive: true, force: true }))

test.each(cases)('%s with "%s"', (file, _code, rule) => {
  const found = findings.get(file) ?? []
  if (rule) expect(found).toContain(rule)
  else expect(found).toEqual([])
})

test('every file is in a room of the table', () => {
  const exclude = (path: string) => /(^|\/)(node_modules|dist)$/.test(path)
  const files = globSync(['{packages,apps,examples,scripts}/**/*.{ts,tsx,mts,mjs}', '*.{ts,mjs}'], {
    cwd: root,
    exclude,
  })
  expect(files.length).toBeGreaterThan(300)
  const globs = rooms.flatMap((room) => room.files)
  expect(files.filter((file) => !globs.some((glob) => matchesGlob(file, glob)))).toEqual([])
})

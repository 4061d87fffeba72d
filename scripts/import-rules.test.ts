import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = dirname(import.meta.dirname)

const RESTRICTED = 'lint/style/noRestrictedImports'
const UNDECLARED = 'lint/correctness/noUndeclaredDependencies'
const NODE_MODULE = 'lint/correctness/noNodejsModules'
const ENVIRONMENT = 'lint/style/noProcessEnv'
const CYCLE = 'lint/suspicious/noImportCycles'

/** A file, what it imports, and the rule that must say no; without a rule it is allowed. */
const cases: [file: string, code: string, rule?: string][] = [
  ['packages/protocol/src/a.ts', "export { string } from 'zod'"],
  ['packages/protocol/src/b.ts', "export { ERRORS } from '../src/a.ts'"],
  ['packages/protocol/src/c.ts', "export { Hono } from 'hono'", RESTRICTED],
  ['packages/protocol/src/d.ts', "export { readFileSync } from 'node:fs'", NODE_MODULE],
  ['packages/protocol/src/e.ts', "export { env } from '../../../apps/server/src/env.ts'", RESTRICTED],
  ['packages/protocol/src/f.ts', "export { g } from './g.ts'", CYCLE],
  ['packages/protocol/src/g.ts', "import { f } from './f.ts'\nexport const g = () => f", CYCLE],
  ['packages/sdk-ts/src/a.ts', "import type { Memory } from '@dakera-ai/protocol'\nexport type A = Memory"],
  [
    'packages/sdk-ts/src/b.ts',
    "import { endpoints } from '@dakera-ai/protocol'\nexport const a = endpoints",
    UNDECLARED,
  ],
  ['packages/sdk-ts/src/c.ts', "import type { ZodType } from 'zod'\nexport type A = ZodType", RESTRICTED],
  ['packages/sdk-ts/src/d.ts', "export { readFileSync } from 'node:fs'", NODE_MODULE],
  ['apps/server/src/app.ts', "export { Hono } from 'hono'"],
  ['apps/server/src/http/route.ts', "export type { Context } from 'hono'"],
  ['apps/server/src/main.ts', "export { serve } from '@hono/node-server'\nexport const port = process.env.PORT"],
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
  ['apps/server/src/jobs/expire.ts', "import postgres from 'postgres'\nexport const a = postgres", RESTRICTED],
  ['apps/server/src/embedding/choose.ts', "export { withPrincipal } from '../db/tx.ts'", RESTRICTED],
  ['apps/server/src/resources/memories/repo.ts', "export { sql } from 'drizzle-orm'"],
  ['apps/server/src/resources/memories/routes.ts', "export type { Context } from 'hono'", RESTRICTED],
  ['apps/server/src/resources/memories/service.ts', "export { sql } from 'drizzle-orm'", RESTRICTED],
  ['apps/server/src/resources/keys/repo.ts', "import postgres from 'postgres'\nexport const a = postgres", RESTRICTED],
  ['apps/server/src/resources/keys/service.ts', "export { sql } from '../memories/repo.ts'", RESTRICTED],
  ['apps/server/src/resources/keys/routes.ts', "export const load = () => import('hono')", RESTRICTED],
  ['apps/server/src/resources/keys/keys.test.ts', "export { DakeraClient } from '@dakera-ai/dakera'"],
  [
    'examples/crew/main.ts',
    "export { DakeraClient } from '@dakera-ai/dakera'\nexport const key = process.env.DAKERA_API_KEY",
  ],
  ['examples/crew/writer.ts', "export { endpoints } from '@dakera-ai/protocol'", RESTRICTED],
  ['examples/crew/quality.ts', "export { createApp } from '../../apps/server/src/app.ts'", RESTRICTED],
]

const tree = mkdtempSync(join(tmpdir(), 'dakera-imports-'))
const findings = new Map<string, string[]>()

beforeAll(() => {
  for (const file of [
    'biome.json',
    'biome.imports.json',
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

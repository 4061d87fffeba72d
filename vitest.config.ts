import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Both engines run the same files. What opens no database, or is about connections alone, runs once; finding a
// Postgres is the workspace's business.
const serverFiles = globSync('apps/server/{src,test}/**/*.test.ts', { cwd: import.meta.dirname }).filter(
  (file) => !file.includes('/test/postgres/'),
)
const opensDatabase = (file: string) =>
  /(harness|child-server)\.ts'|DAKERA_TEST_ENGINE/.test(readFileSync(join(import.meta.dirname, file), 'utf8'))
const onEngines = serverFiles.filter(opensDatabase)
const onPostgresAlone = ['apps/server/test/connections.test.ts']

// Two cores: two files at a time. No limit of time ends a test that is only slow: the longest takes half a minute.
const common = {
  pool: 'forks',
  isolate: false, // each file would import the server anew, a second of work; what a file changes it puts back
  maxWorkers: 2,
  testTimeout: 600_000,
  hookTimeout: 600_000,
  teardownTimeout: 60_000,
  expect: { poll: { timeout: 60_000 } },
} as const

export default defineConfig({
  test: {
    passWithNoTests: true,
    maxWorkers: common.maxWorkers,
    projects: [
      {
        test: {
          ...common,
          name: 'workspace',
          include: ['scripts/**/*.test.ts', 'apps/server/test/postgres/*.test.ts', 'apps/server/bench/*.test.ts'],
        },
      },
      { test: { ...common, name: 'protocol', include: ['packages/protocol/{src,test}/**/*.test.ts'] } },
      { test: { ...common, name: 'sdk-ts', include: ['packages/sdk-ts/{src,test}/**/*.test.ts'] } },
      { test: { ...common, name: 'server', include: serverFiles.filter((file) => !opensDatabase(file)) } },
      {
        test: {
          ...common,
          include: onEngines,
          name: 'server-postgres',
          env: { DAKERA_TEST_ENGINE: 'postgres' },
          provide: { engine: 'postgres' },
          globalSetup: 'apps/server/test/global-setup.ts',
        },
      },
      {
        test: {
          ...common,
          include: onEngines.filter((file) => !onPostgresAlone.includes(file)),
          name: 'server-pglite',
          env: { DAKERA_TEST_ENGINE: 'pglite' },
          provide: { engine: 'pglite' },
          globalSetup: 'apps/server/test/global-setup.ts',
        },
      },
      { test: { ...common, name: 'examples', include: ['examples/**/*.test.ts'] } },
    ],
  },
})

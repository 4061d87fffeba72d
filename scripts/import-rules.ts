// The table of allowed imports. Run as a program (`pnpm generate`), it writes biome.imports.jsonc, which Biome reads.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The guarded import paths: of these, a room may import only those that its row names. */
const GUARDED = {
  zod: ['zod', 'zod/**'],
  protocol: ['@dakera-ai/protocol', '@dakera-ai/protocol/**', '**/protocol/src/**'],
  'protocol/tools': ['@dakera-ai/protocol/tools'],
  'sdk-ts': ['@dakera-ai/dakera', '@dakera-ai/dakera/**', '**/sdk-ts/**'],
  mcp: ['@dakera-ai/mcp', '@dakera-ai/mcp/**', '**/mcp/src/**'],
  server: ['@dakera-ai/server', '@dakera-ai/server/**', '**/apps/**', '**/server/src/**'],
  hono: ['hono', 'hono/**', '@hono/**'],
  sql: ['drizzle-orm', 'drizzle-orm/**', 'pgvector', 'pgvector/**'],
  postgres: ['postgres', 'postgres/**', '@electric-sql/**'],
} satisfies Record<string, string[]>

/** Folders of the server, guarded inside the server only: other packages have folders of the same names. */
const SERVER_FOLDERS = {
  http: ['**/http/**'],
  resources: ['**/resources/**'],
  services: ['**/resources/*/service.ts'],
  embedding: ['**/embedding/**'],
  db: ['**/db/**'],
  jobs: ['**/jobs/**'],
} satisfies Record<string, string[]>

type Guarded = keyof typeof GUARDED | keyof typeof SERVER_FOLDERS

export type Room = {
  name: string
  files: string[]
  /** `anything` allows all guarded imports, for programs that are not published. */
  may: readonly Guarded[] | 'anything'
  /** The reason, which Biome shows for a rejected import. */
  why: string
  /** If true, no package may be imported except those of `may`. */
  nothingElse?: true
  /** True if the code must run without Node. */
  withoutNode?: true
  /** Further rejected paths; `!` allows one again. */
  never?: string[]
}

const inServer = ['protocol', 'zod'] as const
const anotherResource = 'Of another resource only its service.ts: a repo is private.'

/** The rooms. If two rows match a file, the later one counts. Some rooms do not exist yet. */
export const rooms: Room[] = [
  {
    name: 'protocol',
    files: ['packages/protocol/src/**'],
    may: ['zod'],
    nothingElse: true,
    withoutNode: true,
    why: 'The contract imports zod and itself, nothing else.',
  },
  {
    name: 'codegen',
    files: ['packages/codegen/**'],
    may: ['protocol'],
    why: 'It prints the contract and reads nothing else of this repository.',
  },
  {
    name: 'sdk-ts',
    files: ['packages/sdk-ts/src/**'],
    may: [],
    nothingElse: true,
    withoutNode: true,
    why: 'The published client has no dependency and runs in browsers.',
  },
  {
    name: 'mcp',
    files: ['packages/mcp/src/**'],
    may: ['zod', 'sdk-ts', 'protocol/tools'],
    why: 'It is a client: the presented key travels like any other request.',
  },
  {
    name: 'integrations-ts',
    files: ['packages/integrations-ts/src/**'],
    may: ['zod', 'sdk-ts', 'protocol/tools'],
    why: 'An integration is a client; the tools a model sees are data of the contract.',
  },
  {
    name: 'tools and tests of packages',
    files: ['packages/*/{test,scripts,bench,conformance}/**', 'packages/*/*.config.ts'],
    may: 'anything',
    never: GUARDED.server,
    why: 'No package may import an app.',
  },
  {
    name: 'cli',
    files: ['apps/cli/src/**'],
    may: ['zod', 'sdk-ts', 'mcp'],
    why: 'The CLI is a client. Only commands/serve starts a server, and only crew/verify asks a database.',
  },
  {
    name: 'cli serve',
    files: ['apps/cli/src/commands/serve.ts'],
    may: ['zod', 'sdk-ts', 'mcp', 'server'],
    why: 'It starts a server through openServer(), with no other way to the data.',
  },
  {
    name: 'cli crew verify',
    files: ['apps/cli/src/crew/verify.ts'],
    may: ['zod', 'sdk-ts', 'mcp', 'postgres'],
    why: 'It compares a crew file with the grants in the database.',
  },
  {
    name: 'console',
    files: ['apps/console/src/**'],
    may: ['sdk-ts'],
    withoutNode: true,
    why: 'The console is a client in a browser.',
  },
  {
    name: 'server',
    files: ['apps/server/src/*.ts'],
    may: [...inServer, 'http', 'resources', 'services', 'embedding', 'db', 'jobs'],
    why: 'Only app.ts and http/ know Hono, only db/ and repo.ts speak SQL, and only server.ts may use the SDK.',
  },
  {
    name: 'server server.ts',
    files: ['apps/server/src/server.ts'],
    may: [...inServer, 'http', 'resources', 'services', 'embedding', 'db', 'jobs', 'sdk-ts', 'mcp'],
    why: 'The composition root may pass the MCP server a client whose fetch is the app; it speaks no SQL and no Hono.',
  },
  {
    name: 'server app.ts',
    files: ['apps/server/src/app.ts'],
    may: [...inServer, 'hono', 'http', 'resources', 'services', 'embedding', 'db', 'jobs'],
    why: 'app.ts mounts the resources; SQL is in db/ and in resources/*/repo.ts.',
  },
  {
    name: 'server http/',
    files: ['apps/server/src/http/**'],
    may: [...inServer, 'hono', 'db'],
    why: 'http/ knows no resource and speaks no SQL; app.ts brings them together.',
  },
  {
    name: 'server db/',
    files: ['apps/server/src/db/**'],
    may: [...inServer, 'sql', 'postgres'],
    why: 'db/ knows no one above it.',
  },
  {
    name: 'server embedding/',
    files: ['apps/server/src/embedding/**'],
    may: inServer,
    why: 'embedding/ turns text into vectors and knows nothing else.',
  },
  {
    name: 'server jobs/',
    files: ['apps/server/src/jobs/**'],
    may: [...inServer, 'services', 'embedding', 'db'],
    why: 'Jobs run without a request, through services and db/.',
  },
  {
    name: 'server resources/*.ts',
    files: ['apps/server/src/resources/*.ts'],
    may: [...inServer, 'db'],
    why: 'It is shared by the resources and knows none of them.',
  },
  {
    name: 'server resources/',
    files: ['apps/server/src/resources/*/*.ts'],
    may: [...inServer, 'http', 'resources', 'services', 'embedding', 'db'],
    never: ['../*/**', '!../../**', '!../*/service.ts'],
    why: `A resource knows no Hono and speaks SQL in repo.ts alone. ${anotherResource}`,
  },
  {
    name: 'server resources/*/repo.ts',
    files: ['apps/server/src/resources/*/repo.ts'],
    may: [...inServer, 'sql', 'resources', 'services', 'db'],
    never: ['../*/**', '!../../**', '!../*/service.ts'],
    why: `A repo speaks SQL and nothing else. ${anotherResource}`,
  },
  {
    name: 'server resources/*/*/',
    files: ['apps/server/src/resources/*/*/**'],
    may: [...inServer, 'http', 'resources', 'services', 'embedding', 'db'],
    never: ['../../*/**', '!../../../**', '!../../*/service.ts'],
    why: `A wing of a resource follows the rules of the resource. ${anotherResource}`,
  },
  {
    name: 'server resources/*/*/repo.ts',
    files: ['apps/server/src/resources/*/*/repo.ts'],
    may: [...inServer, 'sql', 'resources', 'services', 'db'],
    never: ['../../*/**', '!../../../**', '!../../*/service.ts'],
    why: `A repo speaks SQL and nothing else. ${anotherResource}`,
  },
  {
    name: 'tests of the server',
    files: ['apps/server/**/*.{test,fixture}.ts', 'apps/server/{test,bench,scripts}/**', 'apps/*/*.config.ts'],
    may: 'anything',
    why: 'A test looks at the server from every side.',
  },
  {
    name: 'examples',
    files: ['examples/**'],
    may: 'anything',
    never: ['**/packages/**', ...GUARDED.protocol, ...GUARDED.server],
    why: 'Examples are programs a user could have written: published SDKs only.',
  },
  {
    name: 'scripts of the workspace',
    files: ['scripts/**', '*.config.ts'],
    may: 'anything',
    why: 'They check all rooms.',
  },
]

/** Returns the whole biome.imports.jsonc. */
export function biomeImports(): string {
  const overrides = [
    // A package may only use what its own package.json names: an install elsewhere lacks the rest.
    declared(['packages/*/src/**', 'apps/*/src/**'], { devDependencies: false }),
    // The build of the server contains its development dependencies, as far as tsdown.config.ts allows.
    declared(['apps/server/src/**'], { devDependencies: true }),
    ...rooms.map((room) => ({ includes: room.files, linter: { rules: rules(room) } })),
    {
      includes: ['**/*.{test,fixture}.ts', '**/test/**', '**/scripts/**'],
      linter: { rules: { correctness: { noUndeclaredDependencies: 'off', noNodejsModules: 'off' } } },
    },
  ]
  const config = { $schema: './node_modules/@biomejs/biome/configuration_schema.json', overrides }
  const header = '// @generated by pnpm generate from the table in scripts/import-rules.ts'
  return `${header}\n${JSON.stringify(config, null, 2)}\n`
}

const declared = (includes: string[], options: object) => ({
  includes,
  linter: { rules: { correctness: { noUndeclaredDependencies: { level: 'error', options } } } },
})

function rules(room: Room) {
  const patterns = refused(room)
  return {
    style: { noRestrictedImports: patterns.length > 0 ? { level: 'error', options: { patterns } } : 'off' },
    ...(room.withoutNode && { correctness: { noNodejsModules: 'error' } }),
  }
}

function refused({ name, files, may, why, nothingElse, never }: Room) {
  const isServer = files.some((glob) => glob.startsWith('apps/server/'))
  const guarded = Object.entries<string[]>(isServer ? { ...GUARDED, ...SERVER_FOLDERS } : GUARDED)
  const isAllowed = (thing: string) => may === 'anything' || may.some((allowed) => allowed === thing)
  const allowed = guarded.flatMap(([thing, paths]) => (isAllowed(thing) ? paths : [])).map((path) => `!${path}`)
  const groups = [
    may === 'anything' ? [] : [...guarded.flatMap(([thing, paths]) => (isAllowed(thing) ? [] : paths)), ...allowed],
    nothingElse ? ['**', '!./**', '!../**', ...allowed] : [],
    never ?? [],
  ]
  const list = may === 'anything' ? 'anything else' : may.join(', ') || 'nothing'
  const message = `${why} (${name} may import: ${list}.)`
  return groups.filter((group) => group.length > 0).map((group) => ({ group, message }))
}

if (import.meta.main) writeFileSync(join(dirname(import.meta.dirname), 'biome.imports.jsonc'), biomeImports())

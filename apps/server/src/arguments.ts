import { parseArgs } from 'node:util'
import { SettingsError } from './env.ts'
import { COMMAND } from './layout.ts'

export const HELP = `Dakera: shared memory for teams of AI agents.

Usage: ${COMMAND} [options]

  --port <n>    Port to listen on (default 3300, or DAKERA_PORT)
  --host <h>    Address to listen on (default 127.0.0.1; 0.0.0.0 once DAKERA_ROOT_API_KEY is set)
  --demo        Add the namespaces and the well-known keys of the product's samples (dk-admin-key, dk-researcher-key,
                …). For trials only: the server listens on loopback only, and rejects a Postgres database that has
                other keys.
  --reembed     Move the database to the embedding model that is set now, and serve with the old one meanwhile
  --replace-root-key
                Replace the admin key of the database by DAKERA_ROOT_API_KEY or, if that is not set, by a new key.
                For an admin key that leaked or is lost; leave the flag out at the next start.
  --allow-newer-schema
                Serve a database that a newer release has migrated. Nothing is migrated; docs/operating.md describes
                the risks.
  --help        Show this
  --version     Show the version

Settings come from the environment; .env.example lists them all. The usual ones:
  DATABASE_URL          Postgres 16+ with pgvector; if not set, an embedded database in DAKERA_DATA_DIR (.dakera)
  DAKERA_ROOT_API_KEY   The admin key; if not set, one is made, shown once and kept in <data dir>/admin-key
`

export type Arguments = {
  port: string | undefined
  host: string | undefined
  demo: boolean
  reembed: boolean
  replaceRootKey: boolean
  allowNewerSchema: boolean
  help: boolean
  version: boolean
}

export function readArguments(args: string[]): Arguments {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        demo: { type: 'boolean', default: false },
        reembed: { type: 'boolean', default: false },
        'replace-root-key': { type: 'boolean', default: false },
        'allow-newer-schema': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
    const { 'replace-root-key': replaceRootKey, 'allow-newer-schema': allowNewerSchema, port, host, ...flags } = values
    if (flags.demo && replaceRootKey)
      throw new Error('--demo has its own admin key, so it cannot be combined with --replace-root-key.')
    return { port, host, ...flags, replaceRootKey, allowNewerSchema }
  } catch (error) {
    throw new SettingsError(`${(error as Error).message}\nRun "${COMMAND} --help" for the options.`)
  }
}

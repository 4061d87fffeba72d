import type { Database } from './db/database.ts'
import type { RootKey } from './db/root-key.ts'
import { COMMAND } from './layout.ts'
import { DEMO_ADMIN_KEY } from './published-secrets.ts'
import { version } from './version.ts'

type Started = { host: string; port: number; engine: Database['engine']; rootKey: RootKey | undefined; isDemo: boolean }

/**
 * Returns the text that is printed when the server is up: its address, the admin key if it is new, and a command to
 * try.
 */
export function welcome({ host, port, engine, rootKey, isDemo }: Started): string {
  const url = `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? 'localhost' : host}:${port}`
  const key = isDemo
    ? DEMO_ADMIN_KEY
    : rootKey?.isNew
      ? rootKey.secret
      : rootKey?.file
        ? `$(cat ${rootKey.file})`
        : '$DAKERA_ROOT_API_KEY'
  return [
    `Dakera ${version} listens on ${url} (${host}), database: ${engine === 'pglite' ? 'embedded' : 'Postgres'}`,
    ...aboutKey(rootKey, isDemo),
    '',
    'Try it:',
    `  curl ${url}/v1/memory/store -H "Authorization: Bearer ${key}" -d '{"agent_id": "team-shared", "content": ` +
      `"Dakera runs."}'`,
    `  curl "${url}/v1/memory/recall?agent_id=team-shared&query=what+runs" -H "Authorization: Bearer ${key}"`,
    '',
    `API: ${url}/docs`,
  ].join('\n')
}

function aboutKey(rootKey: RootKey | undefined, isDemo: boolean): string[] {
  if (isDemo)
    return [
      '',
      '!! DEMO: this server accepts keys that everybody knows (dk-admin-key, dk-researcher-key, …). Never expose ' +
        'it. !!',
    ]
  if (!rootKey?.secret) return aboutUnknownKey(rootKey?.strangeFile)
  const replaced = rootKey.isReplaced
    ? [
        '',
        '!! The admin key of this database was replaced. Servers that are set to the old one keep running, and need ' +
          'the new one at their next start. !!',
      ]
    : []
  if (rootKey.isNew)
    return [...replaced, '', `Admin key, shown this once and kept in ${rootKey.file}:`, `  ${rootKey.secret}`]
  return [...replaced, ...(rootKey.file ? [`The admin key is in ${rootKey.file}`] : [])]
}

const aboutUnknownKey = (strangeFile: string | undefined) => [
  strangeFile
    ? `The admin key in ${strangeFile} does not open this database, so it was left alone.`
    : 'The admin key was shown when this database was new.',
  `If it is lost, replace it: ${COMMAND} --replace-root-key`,
]

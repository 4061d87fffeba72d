import { readFileSync } from 'node:fs'
import { PACKAGE } from './layout.ts'

/** The version of this server, from its package.json. */
export const { version } = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8')) as {
  version: string
}

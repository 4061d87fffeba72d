import { SettingsError } from './env.ts'
import { hashSecret } from './principal.ts'

export const DEMO_ADMIN_KEY = 'dk-admin-key'

/** Returns the key of an agent in the product's samples. */
export const demoKey = (agent: string) => `dk-${agent}-key`

/**
 * The secrets that are printed in the product's samples, in our documentation or in our examples; a test compares.
 * Everybody knows them, so they are accepted only by a server on loopback.
 */
export const PUBLISHED_SECRETS = [
  DEMO_ADMIN_KEY,
  ...['researcher', 'writer', 'qc', 'coordinator', 'orchestrator', 'test'].map(demoKey),
  'dk-secret-1',
]

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
export const isLoopback = (host: string) => LOOPBACK.has(host)

export const isPublished = (secret: string) => PUBLISHED_SECRETS.includes(secret)
export const isPublishedHash = (hash: Buffer) => PUBLISHED_SECRETS.some((secret) => hashSecret(secret).equals(hash))

/** Rejects a DAKERA_ROOT_API_KEY that is published, unless the server listens on loopback. */
export function requirePrivateKey(chosen: string | undefined, host: string): void {
  if (chosen === undefined || !isPublished(chosen) || isLoopback(host)) return
  throw new SettingsError(
    `DAKERA_ROOT_API_KEY is printed in the documentation, so everybody who reaches ${host} would be an admin. ` +
      'Choose a long random one (openssl rand -base64 30), or add --host 127.0.0.1 to try it on this machine.',
  )
}

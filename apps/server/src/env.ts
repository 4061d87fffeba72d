import { explained, parsePlainly, sentence } from '@dakera-ai/protocol'
import * as z from 'zod'

const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const blankIsAbsent = (value: unknown) => (value === '' ? undefined : value)
const optional = <S extends z.ZodType>(schema: S) => z.preprocess(blankIsAbsent, schema.optional())
const or = <S extends z.ZodType>(schema: S, otherwise: z.input<S>) =>
  z.preprocess((value) => blankIsAbsent(value) ?? otherwise, schema)

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host:5432/database')

/** Every setting the server reads. `.env.example` lists the same names; a test compares them. */
const Environment = z.object({
  DAKERA_HOST: optional(z.string()),
  DAKERA_PORT: or(integer(0, 65_535), '3300'),
  DATABASE_URL: optional(postgresUrl),
  DAKERA_MIGRATION_URL: optional(postgresUrl),
  DAKERA_POOL_SIZE: optional(integer(1, 500)),
  DAKERA_SEARCH_TIMEOUT_MS: or(integer(10, 600_000), '1000'),
  DAKERA_DATA_DIR: or(z.string(), '.dakera'),
  DAKERA_DURABILITY: or(z.enum(['full', 'relaxed']), 'full'),
  DAKERA_ROOT_API_KEY: optional(
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
      .min(8)
      .max(256),
  ),
  DAKERA_EMBEDDING_MODEL: optional(z.string()),
  DAKERA_EMBEDDING_DIMENSION: optional(integer(1, 4000)),
  DAKERA_EMBEDDING_TIMEOUT_MS: or(integer(100, 600_000), '10000'),
  OPENAI_API_KEY: optional(z.string()),
  OPENAI_BASE_URL: optional(z.url({ protocol: /^https?$/ })),
  DAKERA_MAX_BODY_BYTES: or(integer(1024, 268_435_456), String(2 * 1024 * 1024)),
  DAKERA_OPEN_BODY_BYTES: or(integer(1024, 68_719_476_736), String(64 * 1024 * 1024)),
  DAKERA_OPEN_REPLY_BYTES: or(integer(1024, 68_719_476_736), String(512 * 1024 * 1024)),
  DAKERA_KEY_CONCURRENCY: or(integer(1, 100_000), '32'),
  DAKERA_MAX_CONNECTIONS: or(integer(1, 1_000_000), '2000'),
  DAKERA_REQUEST_SECONDS: or(integer(1, 3_600), '30'),
  DAKERA_WRITE_SECONDS: or(integer(1, 3_600), '20'),
  DAKERA_TRUST_PROXY: or(integer(0, 10), '0'),
  DAKERA_CORS_ORIGINS: or(
    z.string().transform((list) =>
      list
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
    '',
  ),
  DAKERA_LOG_LEVEL: or(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), 'info'),
  DAKERA_SHUTDOWN_SECONDS: or(integer(0, 600), '10'),
})

export const SETTINGS = Object.keys(Environment.shape)

export type Env = ReturnType<typeof readEnv>

/** Parses the environment once. Throws one error that lists every invalid setting. */
export function readEnv(source: Record<string, string | undefined> = process.env) {
  const result = parsePlainly(Environment, source, ([name]) => source[String(name)])
  if (!result.success) {
    const problems = explained(result.error, SETTINGS.length).map((issue) => `  ${sentence(issue)}`)
    throw new SettingsError(`These settings are invalid:\n${problems.join('\n')}`)
  }
  const env = result.data
  return {
    // Without a chosen key, as on a laptop, the server stays on loopback; an operator who chooses a key serves others.
    host: env.DAKERA_HOST ?? (env.DAKERA_ROOT_API_KEY ? '0.0.0.0' : '127.0.0.1'),
    port: env.DAKERA_PORT,
    database: env.DATABASE_URL
      ? ({
          engine: 'postgres',
          url: env.DATABASE_URL,
          migrationUrl: env.DAKERA_MIGRATION_URL,
          poolSize: env.DAKERA_POOL_SIZE,
          searchTimeoutMs: env.DAKERA_SEARCH_TIMEOUT_MS,
        } as const)
      : ({ engine: 'pglite', dataDir: env.DAKERA_DATA_DIR, durability: env.DAKERA_DURABILITY } as const),
    dataDir: env.DAKERA_DATA_DIR,
    rootApiKey: env.DAKERA_ROOT_API_KEY,
    // An OPENAI_API_KEY that is set for another program must not send memories anywhere, so only a named model does.
    embedding: env.DAKERA_EMBEDDING_MODEL
      ? ({
          provider: 'openai',
          apiKey: env.OPENAI_API_KEY,
          baseUrl: env.OPENAI_BASE_URL,
          model: env.DAKERA_EMBEDDING_MODEL,
          dimension: env.DAKERA_EMBEDDING_DIMENSION,
          timeoutMs: env.DAKERA_EMBEDDING_TIMEOUT_MS,
        } as const)
      : ({ provider: 'builtin' } as const),
    /** The connection to the embedding provider, for any model. */
    provider: { apiKey: env.OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL, timeoutMs: env.DAKERA_EMBEDDING_TIMEOUT_MS },
    maxBodyBytes: env.DAKERA_MAX_BODY_BYTES,
    openBodyBytes: env.DAKERA_OPEN_BODY_BYTES,
    openReplyBytes: env.DAKERA_OPEN_REPLY_BYTES,
    keyConcurrency: env.DAKERA_KEY_CONCURRENCY,
    trustedProxies: env.DAKERA_TRUST_PROXY,
    connections: {
      most: env.DAKERA_MAX_CONNECTIONS,
      requestSeconds: env.DAKERA_REQUEST_SECONDS,
      writeSeconds: env.DAKERA_WRITE_SECONDS,
      replySeconds: 15 * env.DAKERA_WRITE_SECONDS,
    },
    corsOrigins: env.DAKERA_CORS_ORIGINS,
    logLevel: env.DAKERA_LOG_LEVEL,
    shutdownSeconds: env.DAKERA_SHUTDOWN_SECONDS,
  }
}

/**
 * Thrown for a problem in the settings or the environment that the operator has to fix. It is shown without a stack.
 */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

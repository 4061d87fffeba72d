import { halfvec, integer, jsonb, pgTable, primaryKey, real, text, timestamp } from 'drizzle-orm/pg-core'

/** One row per memory. Policies: db/schema.sql; ts and dl are the database's own. */
export const memories = pgTable(
  'memories',
  {
    namespaceId: integer('namespace_id').notNull(),
    id: text().notNull(),
    content: text().notNull(),
    memoryType: text('memory_type').notNull(),
    importance: real().notNull(),
    tags: text().array().notNull(),
    metadata: jsonb().$type<Record<string, unknown>>().notNull(),
    sessionId: text('session_id'),
    /** Name of the key that stored it. */
    author: text(),
    validFrom: timestamp('valid_from', { withTimezone: true }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    version: integer().notNull(),
    /** By the server's embedder; null where it knows no word of the content. */
    v: halfvec({ dimensions: 256 }),
    /** The caller's own vector. */
    suppliedV: halfvec('supplied_v', { dimensions: 256 }),
  },
  (t) => [primaryKey({ columns: [t.namespaceId, t.id] })],
)

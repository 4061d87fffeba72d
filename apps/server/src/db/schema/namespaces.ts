import type { Weights } from '@dakera-ai/protocol'
import { integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/** One row per namespace. Policies: db/schema.sql. */
export const namespaces = pgTable('namespaces', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
  description: text(),
  /** Of vectors that callers supply. */
  dimension: integer().notNull(),
  /** A Postgres text search configuration. */
  textConfig: text('text_config').notNull(),
  /** Defaults for recall here. */
  weights: jsonb().$type<Weights>().notNull(),
  metadata: jsonb().$type<Record<string, unknown>>().notNull(),
  policy: jsonb().$type<Record<string, unknown>>().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { copyMigratedDatabase } from '../../../scripts/migrated-database.ts'
import { findPostgres } from './postgres/find.ts'

declare module 'vitest' {
  /** The values that every test file can get with vitest's inject(). */
  export interface ProvidedContext {
    /** The engine that this run of the server's tests uses. */
    engine: 'postgres' | 'pglite'
    /** A superuser's URL. Only provided if the engine is postgres. */
    postgresUrl: string
    /**
     * A folder of data directories to copy; `migrated` exists from the start. Only provided if the engine is pglite.
     */
    templates: string
  }
}

/**
 * Starts the resource that all test files of an engine share: a Postgres server for the databases of the tests, or
 * templates.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (project.config.provide['engine'] === 'pglite') return setUpTemplates(project)
  // Its data is not needed after the run, so it need not be on the disk.
  const found = await findPostgres(process.env, ['fsync=off', 'full_page_writes=off'])
  project.provide('postgresUrl', found.url)
  return found.stop
}

/** Creates a migrated template: creating and migrating an embedded database takes seconds, copying one does not. */
async function setUpTemplates(project: TestProject): Promise<() => Promise<void>> {
  const templates = mkdtempSync(join(tmpdir(), 'dakera-templates-'))
  await copyMigratedDatabase(join(templates, 'migrated'))
  project.provide('templates', templates)
  return async () => rmSync(templates, { recursive: true, force: true })
}

import type { TestProject } from 'vitest/node'
import { findPostgres } from './postgres/find.ts'

declare module 'vitest' {
  /** What every test file can ask for with vitest's inject(). */
  export interface ProvidedContext {
    /** The database this run of the server's tests is about. */
    engine: 'postgres' | 'pglite'
    /** A superuser's URL. Only provided where the engine is postgres. */
    postgresUrl: string
  }
}

/** One Postgres server for all test files; each test makes its own database in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found = await findPostgres()
  project.provide('postgresUrl', found.url)
  return found.stop
}

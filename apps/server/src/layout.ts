/** The folder of this package. src/ and the built dist/ are both directly in it, and a build has no deeper folders. */
export const PACKAGE = new URL('../', import.meta.url)

/** Whether this is the published build; otherwise Node runs src. */
const isBuilt = import.meta.url.endsWith('.js')

/** The thread of the embedded database. */
export const WORKER = new URL(isBuilt ? 'dist/worker.js' : 'src/db/pglite/worker.ts', PACKAGE)
/** A page per error code. */
export const ERROR_PAGES = new URL(isBuilt ? 'dist/errors/' : '../../docs/errors/', PACKAGE)

/** The command that starts this server. */
export const COMMAND = isBuilt ? 'npx @dakera-ai/server' : 'npm start --'

// The thread of the embedded database, as the published server starts it.
import './node-20.ts'
import '../../src/db/pglite/worker.ts'

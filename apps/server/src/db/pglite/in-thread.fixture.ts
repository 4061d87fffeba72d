import { MessageChannel } from 'node:worker_threads'
import postgres, { type Sql } from 'postgres'
import type { Pglite } from './open.ts'
import { Sockets, serveSockets } from './wire.ts'

/**
 * Returns, for tests, a client of a database that runs in this thread, where the test can read its files and break its
 * disk.
 */
export function connectInThread(pglite: Pglite): Sql {
  const { port1, port2 } = new MessageChannel()
  serveSockets(port2, pglite.connect)
  const sockets = new Sockets(port1)
  const sql = postgres({
    socket: () => sockets.socket(),
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
  } as never) as Sql
  const { end } = sql
  return Object.assign(sql, {
    async end(options?: { timeout?: number }) {
      await end(options)
      port1.close()
    },
  })
}

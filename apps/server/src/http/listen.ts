import type { Duplex } from 'node:stream'
import { serve } from '@hono/node-server'
import { SettingsError } from '../env.ts'
import { Fault, toBody } from '../fault.ts'
import { newRequestId } from './request-id.ts'

export type Server = ReturnType<typeof serve>

/** Rejects when the port cannot be had. */
export function listen(hostname: string, port: number, fetch: (request: Request) => Response | Promise<Response>): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (address) => {
      server.off('error', fail)
      resolve({ server, port: address.port })
    })
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new SettingsError(`Port ${port} is taken. Stop what listens there, or choose another: npm start -- --port ${port + 1}`)
          : error,
      )
    server.once('error', fail)
    server.on('clientError', answerGarbage)
    // Longer than balancers and clients keep theirs: who closes first must not be the one that gets the next request.
    if ('keepAliveTimeout' in server) server.keepAliveTimeout = 75_000
  })
}

/** What is not even HTTP gets the one error shape too; Node would answer a bare status line. */
function answerGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const message = error.code === 'HPE_HEADER_OVERFLOW' ? 'The headers are larger than the server accepts.' : 'This is not a valid HTTP request.'
  const body = JSON.stringify(toBody(new Fault('INVALID_REQUEST', {}, { message }), newRequestId()))
  socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** Waits for requests under way, for at most graceMs. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}

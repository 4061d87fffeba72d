import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { SettingsError } from '../env.ts'
import { Fault, toBody } from '../fault.ts'
import { COMMAND } from '../layout.ts'
import { IdleConnections } from './idle-connections.ts'
import { newRequestId } from './request-id.ts'

/** `node` contains the objects that the request was read from. */
export type Fetch = (
  request: Request,
  node: { incoming: IncomingMessage; outgoing: ServerResponse },
) => Response | Promise<Response>

export type Connections = {
  /** The maximum number of open connections. */
  most: number
  /** The time limit for a request to arrive. */
  requestSeconds: number
  /** The time limit for a client to read any part of its reply. */
  writeSeconds: number
  /** The time limit for a client to read its whole reply. */
  replySeconds: number
}

const HEADERS_SECONDS = 15

/** Listens on the port. Rejects if the port is taken. */
export function listen(
  hostname: string,
  port: number,
  fetch: Fetch,
  { most, requestSeconds, writeSeconds, replySeconds }: Connections,
): Promise<{ server: Server; port: number }> {
  const answer = getRequestListener(fetch as never, { hostname, errorHandler: refuse })
  const idle = new IdleConnections()
  const server = createServer(
    {
      requestTimeout: requestSeconds * 1000,
      headersTimeout: Math.min(HEADERS_SECONDS, requestSeconds) * 1000,
      connectionsCheckingInterval: 1_000,
      // Longer than the keep-alive of clients and load balancers, so that we never close a connection on which they are
      // about to send.
      keepAliveTimeout: 75_000,
      requireHostHeader: false, // Node would respond without a body; hostFault() sends one
    },
    (incoming, outgoing) => {
      const { socket } = incoming
      idle.delete(socket)
      outgoing.once('close', () => !socket.destroyed && idle.add(socket))
      // Fires after a time without traffic, which is normal while the database works on the reply.
      outgoing.setTimeout(
        writeSeconds * 1000,
        () => outgoing.socket && outgoing.socket.writableLength > 0 && outgoing.socket.destroy(),
      )
      outgoing.once('prefinish', () => {
        const cut = setTimeout(() => outgoing.destroy(), replySeconds * 1000)
        outgoing.once('close', () => clearTimeout(cut))
      })
      const wrong = hostFault(incoming)
      if (wrong) end(outgoing, wrong)
      else void answer(incoming, outgoing)
    },
  )
  server.maxConnections = most
  let open = 0
  server.on('connection', (socket) => {
    socket.once('close', () => {
      open--
      idle.delete(socket)
    })
    if (++open >= most) idle.closeOne() // makes room for the next one
    idle.add(socket)
  })
  server.on('drop', () => idle.closeOne())
  server.on('clientError', answerGarbage)
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new SettingsError(
              `Port ${port} is in use. Stop the program that listens there, or choose another: ` +
                `${COMMAND} --port ${port + 1}`,
            )
          : error,
      )
    server.once('error', fail)
    server.listen(port, hostname, () => {
      server.off('error', fail)
      resolve({ server, port: (server.address() as AddressInfo).port })
    })
  })
}

/** Returns the error for a missing Host header, or for two: a proxy and this server could each use a different one. */
function hostFault({ rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host').length
  if (hosts > 1) return 'The request has more than one Host header.'
  return hosts === 0 && httpVersion === '1.1' ? 'The request has no Host header.' : undefined
}

const badRequest = (message: string) =>
  JSON.stringify(toBody(new Fault('INVALID_REQUEST', {}, { message }), newRequestId()))
const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' }

function end(outgoing: ServerResponse, message: string): void {
  const body = badRequest(message)
  outgoing.writeHead(400, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** Returns the response to a request whose URL cannot be built: an invalid Host, or `OPTIONS *`. */
const refuse = () =>
  new Response(badRequest('The path or the Host header of the request is not valid.'), {
    status: 400,
    headers: JSON_HEADERS,
  })

const GARBAGE: Record<string, string> = {
  HPE_HEADER_OVERFLOW: 'The headers are larger than the server accepts.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request took too long to arrive.',
}

/** Answers input that is not HTTP in the usual error shape; Node would send a bare status line. */
function answerGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const body = badRequest(GARBAGE[error.code ?? ''] ?? 'This is not a valid HTTP request.')
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ' +
      `${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  setTimeout(() => socket.destroy(), 1_000).unref() // for a client that neither reads nor closes
}

/** Stops listening, and waits at most `graceMs` for the requests under way. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { SettingsError } from '../env.ts'
import { Fault, toBody } from '../fault.ts'
import { COMMAND } from '../layout.ts'
import { newRequestId } from './request-id.ts'
import { Waiting } from './waiting.ts'

/** `node` is what a request was read from. */
export type Fetch = (
  request: Request,
  node: { incoming: IncomingMessage; outgoing: ServerResponse },
) => Response | Promise<Response>

export type Connections = {
  /** Open at once. */
  most: number
  /** For a request to arrive. */
  requestSeconds: number
  /** For a client to take something of its reply. */
  writeSeconds: number
  /** For a client to take the whole of it. */
  replySeconds: number
}

const HEADERS_SECONDS = 15

/** Rejects when the port cannot be had. */
export function listen(
  hostname: string,
  port: number,
  fetch: Fetch,
  { most, requestSeconds, writeSeconds, replySeconds }: Connections,
): Promise<{ server: Server; port: number }> {
  const answer = getRequestListener(fetch as never, { hostname, errorHandler: refuse })
  const waiting = new Waiting()
  const server = createServer(
    {
      requestTimeout: requestSeconds * 1000,
      headersTimeout: Math.min(HEADERS_SECONDS, requestSeconds) * 1000,
      connectionsCheckingInterval: 1_000,
      // Longer than balancers and clients keep theirs: who closes first must not be the one that gets the next request.
      keepAliveTimeout: 75_000,
      requireHostHeader: false, // Node would answer without a body: hostFault()
    },
    (incoming, outgoing) => {
      const { socket } = incoming
      waiting.delete(socket)
      outgoing.once('close', () => !socket.destroyed && waiting.add(socket))
      // Fires when nothing moved for so long, which is right while the database works on the reply.
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
      waiting.delete(socket)
    })
    if (++open >= most) waiting.endOne() // so that there is room for the next one
    waiting.add(socket)
  })
  server.on('drop', () => waiting.endOne())
  server.on('clientError', answerGarbage)
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new SettingsError(
              `Port ${port} is taken. Stop what listens there, or choose another: ${COMMAND} --port ${port + 1}`,
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

/** Two Host headers can be read in two ways by two programs in a row. */
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

/** What makes no URL: a Host that is none, or `OPTIONS *`. */
const refuse = () =>
  new Response(badRequest('The path or the Host header of the request is not valid.'), {
    status: 400,
    headers: JSON_HEADERS,
  })

const GARBAGE: Record<string, string> = {
  HPE_HEADER_OVERFLOW: 'The headers are larger than the server accepts.',
  ERR_HTTP_REQUEST_TIMEOUT: 'The request took too long to arrive.',
}

/** What is not even HTTP gets the one error shape too; Node would answer a bare status line. */
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
  setTimeout(() => socket.destroy(), 1_000).unref() // whoever neither reads nor closes
}

/** Waits for requests under way, for at most graceMs. */
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

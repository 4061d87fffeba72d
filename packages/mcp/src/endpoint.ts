import type { DakeraClient } from '@dakera-ai/dakera'
import {
  type AuthInfo,
  createMcpHandler,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server'
import { Identities, type Narrowing } from './scope.ts'
import { createMcpServer } from './server.ts'

/** Who asks, and what they may be shown. */
export type McpCaller = {
  client: DakeraClient
  /** Names the key in what is remembered of it. */
  key: string
  narrowing: Narrowing
}
export type McpEndpoint = { fetch(request: Request, body: string, caller: McpCaller): Promise<Response> }
export type McpEndpointOptions = {
  /** On a server that only this machine reaches: whose pages may call it, beside those of this machine. */
  origins?: readonly string[] | undefined
  onError?: (error: Error) => void
}

/** Serves MCP over HTTP, the handshake of 2025 as well as 2026-07-28, without sessions. Knows nothing of secrets. */
export function createMcpEndpoint({ origins, onError }: McpEndpointOptions = {}): McpEndpoint {
  const identities = new Identities()
  const hosts = origins?.flatMap((origin) => (URL.canParse(origin) ? [new URL(origin).hostname] : []))
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const { extra } = authInfo as AuthInfo
      const { client, key, narrowing, instructs } = extra as McpCaller & { instructs: boolean }
      return createMcpServer(client, { narrowing, identities, key, instructs })
    },
    { maxSubscriptions: 0, ...(onError && { onerror: onError }) },
  )
  return {
    async fetch(request, text, caller) {
      const refused = hosts && originValidationResponse(request, [...localhostAllowedOrigins(), ...hosts])
      if (refused) return refused
      const body = parse(text)
      if (body === undefined) return refuse(-32_700, 'Parse error: the body is not JSON.')
      // One request is one call: a batch, which only the oldest clients know, would be many.
      if (Array.isArray(body)) return refuse(-32_600, 'Send one message at a time, not a batch.')
      const { method } = (body ?? {}) as { method?: unknown }
      const instructs = method === 'initialize' || method === 'server/discover'
      const authInfo = { token: '', clientId: '', scopes: [], extra: { ...caller, instructs } }
      return handler.fetch(request, { parsedBody: body, authInfo })
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const refuse = (code: number, message: string) =>
  Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status: 400 })

/** `?read=a,b&note=c&publish=d&tasks=e` */
export function narrowingOf(search: URLSearchParams): Narrowing {
  const list = (name: string) => {
    const names = search.getAll(name).flatMap((value) => value.split(','))
    return search.has(name) ? names.map((one) => one.trim()).filter(Boolean) : undefined
  }
  return { read: list('read'), note: list('note')?.[0], publish: list('publish'), tasks: list('tasks')?.[0] }
}

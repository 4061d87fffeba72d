import { ONE_MEMORY_BYTES } from '@dakera-ai/protocol'
import type { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Deps } from '../deps.ts'
import { ownerOf } from '../principal.ts'
import { nextTimeSlice } from '../time-slices.ts'
import type { AnswerKey } from './answer-key.ts'
import type { AppEnv, Within } from './observe.ts'
import { readBody } from './read-body.ts'

/** Whose request it is. */
export type McpCaller = {
  secret: string
  /** Stands for the secret where it is remembered. */
  key: string
  requestId: string
  /** Asks this server as this caller, in the same process and as a part of the same request. */
  fetch: typeof globalThis.fetch
}

/** Answers a message of MCP. The body was read already, within the bounds of this server. */
export type ServeMcp = (request: Request, body: string, caller: McpCaller) => Promise<Response>

/** Serves MCP at /mcp to those who have a key, under the name `mcp` in its usage. */
export function mountMcp(app: Hono<AppEnv>, { maxBodyBytes }: Deps, serve: ServeMcp, answerKey: AnswerKey): void {
  const limit = Math.min(maxBodyBytes, ONE_MEMORY_BYTES)
  app.post('/mcp', (c) =>
    answerKey(c, 'mcp', async (admitted, giveUp) => {
      const { principal } = admitted
      const call = c.get('call') as Within['call']
      const bytes = await readBody(c.req.raw, limit, admitted.holdBody)
      await nextTimeSlice(ownerOf(principal))
      const within = { admitted, giveUp, call }
      const response = await serve(c.req.raw, bytes.toString(), {
        secret: principal.secret,
        key: ownerOf(principal),
        requestId: c.get('requestId'),
        fetch: async (input, init) => app.fetch(new Request(input, init), { ...c.env, within }),
      })
      const text = await response.text()
      const size = Buffer.byteLength(text)
      admitted.holdReply(size)
      call.bytes = bytes.length + size
      const type = response.headers.get('content-type')
      return c.body(text, response.status as ContentfulStatusCode, type === null ? {} : { 'content-type': type })
    }),
  )
}

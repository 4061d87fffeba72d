import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chooseEmbedder } from './choose.ts'
import { type Embedder, EmbedderUnavailable } from './embedder.ts'

export type EmbeddingsCall = {
  input: string[]
  model: string
  dimensions?: number
  encoding_format?: string
  authorization: string | undefined
  headers: IncomingMessage['headers']
}
type Answer = (call: EmbeddingsCall, response: ServerResponse, number: number) => void

/** Returns a vector that depends only on the text, and is not of length 1. */
export const vectorOf = (text: string, dimension: number) =>
  Array.from({ length: dimension }, (_, i) => ((text.length * 31 + (text.codePointAt(0) ?? 0) * 7 + i * i) % 97) - 48)

const base64 = (vector: number[]) => Buffer.from(Float32Array.from(vector).buffer).toString('base64')

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** Sends the correct reply, in the requested encoding. */
export function answerVectors(call: EmbeddingsCall, response: ServerResponse, dimension = call.dimensions ?? 8): void {
  const encode = call.encoding_format === 'base64' ? base64 : (vector: number[]) => vector
  const data = call.input.map((text, index) => ({
    object: 'embedding',
    index,
    embedding: encode(vectorOf(text, dimension)),
  }))
  sendJson(response, 200, { object: 'list', data, model: call.model, usage: { prompt_tokens: 1, total_tokens: 1 } })
}

/** A real HTTP server that speaks the embeddings API. It records every call, and by default sends the correct reply. */
export async function startOpenAiServer(answer: Answer = (call, response) => answerVectors(call, response), port = 0) {
  const calls: EmbeddingsCall[] = []
  const behaviour = { answer }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method !== 'POST' || request.url !== '/v1/embeddings')
      return sendJson(response, 404, { error: { message: 'no such path' } })
    const call: EmbeddingsCall = {
      ...JSON.parse(Buffer.concat(chunks).toString()),
      authorization: request.headers.authorization,
      headers: request.headers,
    }
    calls.push(call)
    behaviour.answer(call, response, calls.length)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  const address = (server.address() as AddressInfo).port
  return { calls, behaviour, port: address, url: `http://127.0.0.1:${address}/v1`, stop, [Symbol.asyncDispose]: stop }
}

/** A key that must appear in the Authorization header and nowhere else. */
export const SECRET = 'sk-test-never-shown-0123456789'

/** Opens an embedder of that server, with 8 dimensions by default. */
export const openEmbedder = (
  server: { url: string },
  settings: { model?: string; dimension?: number; timeoutMs?: number; apiKey?: string } = {},
) =>
  chooseEmbedder({
    provider: 'openai',
    apiKey: SECRET,
    baseUrl: server.url,
    model: 'local-model',
    dimension: 8,
    ...settings,
  })

/** Embeds texts for one owner, always the same. */
export const embed = (embedder: Embedder, texts: readonly string[], signal?: AbortSignal) =>
  embedder.embed(texts, { owner: 'one', signal })

/** Expects the server's vector for this text, scaled to length 1. */
export function expectNear(vector: Float32Array | null | undefined, text: string, dimension = 8): void {
  assert.ok(vector instanceof Float32Array)
  assert.equal(vector.length, dimension)
  const expected = vectorOf(text, dimension)
  const length = Math.hypot(...expected)
  expected.forEach((value, i) => {
    assert.ok(Math.abs((vector[i] as number) - value / length) < 1e-5, `element ${i} of the vector of "${text}"`)
  })
}

/** Returns the error of a call that must fail as an outage. */
export async function failure(promise: Promise<unknown>): Promise<EmbedderUnavailable> {
  const [result] = await Promise.allSettled([promise])
  assert.ok(result.status === 'rejected', 'it succeeded')
  assert.ok(result.reason instanceof EmbedderUnavailable, String(result.reason))
  return result.reason
}

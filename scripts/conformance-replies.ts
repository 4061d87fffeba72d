import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Endpoint, ERRORS, ErrorBody, endpoints } from '../packages/protocol/src/index.ts'

type Reply = { status?: number; body?: unknown; drop?: boolean; cut?: boolean }
type Case = { name: string; operation: string; error?: { kind: string; code?: string }; replies?: Reply[] }

/** Returns every reply of the conformance cases that differs from its schema in the contract, with the place. */
export function findWrongReplies(folder: string): string[] {
  return globSync('*.json', { cwd: folder })
    .sort()
    .flatMap((file) => {
      const cases: Case[] = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      return cases.flatMap((played) => wrongReplies(played).map((problem) => `${file}: ${played.name}: ${problem}`))
    })
}

const all: Endpoint[] = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))
const responses = new Map<string, Endpoint['response']>(all.map(({ id, response }) => [id, response]))

function wrongReplies({ operation, error, replies = [] }: Case): string[] {
  const response = responses.get(operation)
  if (!response) return [`the contract has no operation ${operation}`]
  // These cases play responses that no Dakera server sends, and test how a client handles them.
  if (error?.kind === 'response') return []
  return replies.flatMap(({ status = 200, body, drop, cut }, index) => {
    if (body === undefined || drop || cut) return []
    // Readiness responds with 503 and its own reply.
    if (status < 400 || response.safeParse(body).success) return issues(response, body, index)
    // A newer server may have codes that a client does not know.
    const isNewerCode = error?.code !== undefined && !(error.code in ERRORS)
    return issues(isNewerCode ? ErrorBody.omit({ code: true }) : ErrorBody, body, index)
  })
}

const issues = (schema: Endpoint['response'], body: unknown, index: number) =>
  (schema.safeParse(body).error?.issues ?? []).map(
    ({ path, message }) => `reply ${index + 1}, ${path.join('.') || 'body'}: ${message}`,
  )

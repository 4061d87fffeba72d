import type { DakeraClient } from '../src/index.ts'

export type Case = { name: string; file: string; operation: string; call: object; error?: object; result?: unknown }
export type Reply = {
  status?: number
  headers?: Record<string, string>
  body?: unknown
  text?: string
  drop?: boolean
  cut?: boolean
  delay_ms?: number
}
export type Seen = {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string | undefined>
  body: unknown
}
export const KEY: string
export const cases: Case[]
export const calls: Record<string, (client: DakeraClient, call: never, options?: object) => unknown>
export function play(one: Case, sdk: object): Promise<void>
export function serve(
  replies: Reply[],
): Promise<{ url: string; seen: Seen[]; close(): Promise<void>; elsewhere: string | undefined }>

import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/**
 * Returns the address that a request came from. X-Forwarded-For counts only if the operator has set how many proxies
 * are in front: each of them appends the address of its client, and anybody can write the entries before.
 */
export function addressOf(c: Context, trustedProxies: number): string {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage }
  const heard =
    trustedProxies > 0 ? (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim()) : []
  return (heard.at(-trustedProxies) || heard[0] || incoming?.socket.remoteAddress || 'unknown').slice(0, 64)
}

/**
 * Returns whether a Host header names this machine's loopback. With a name that an attacker resolves to loopback, a
 * page in the browser could call this server (DNS rebinding).
 */
export const isLoopbackHost = (host: string | undefined) =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '')

/**
 * Returns the address at which the caller reaches this server. The scheme that a proxy sends counts only if the
 * operator has set that one is in front.
 */
export function originOf(c: Context, trustedProxies: number): string {
  const { host, protocol } = new URL(c.req.url)
  const forwarded = trustedProxies > 0 && c.req.header('x-forwarded-proto') === 'https'
  return `${forwarded ? 'https:' : protocol}//${host}`
}

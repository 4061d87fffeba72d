import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/**
 * The address a request came from. X-Forwarded-For counts only where the operator has said how many proxies stand in
 * front: each of them appends whom it heard, and what stands before that anybody can write.
 */
export function addressOf(c: Context, trustedProxies: number): string {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage }
  const heard =
    trustedProxies > 0 ? (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim()) : []
  return (heard.at(-trustedProxies) || heard[0] || incoming?.socket.remoteAddress || 'unknown').slice(0, 64)
}

/**
 * Whether a Host header names this machine's own loopback. Through a name that an attacker points there, a page in the
 * browser could call us.
 */
export const isLoopbackHost = (host: string | undefined) =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '')

/**
 * How the caller reaches this server. The scheme of a proxy counts where the operator has said that one stands in
 * front.
 */
export function originOf(c: Context, trustedProxies: number): string {
  const { host, protocol } = new URL(c.req.url)
  const forwarded = trustedProxies > 0 && c.req.header('x-forwarded-proto') === 'https'
  return `${forwarded ? 'https:' : protocol}//${host}`
}

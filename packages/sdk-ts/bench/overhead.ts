// Measures the cost of a client's call over plain fetch: pnpm bench:sdk. Address and key come from DAKERA_URL and
// DAKERA_API_KEY.
import { DakeraClient } from '../src/index.ts'

const CALLS = 2000
const WARM_UP = 200
const url = process.env['DAKERA_URL'] ?? ''
const key = process.env['DAKERA_API_KEY'] ?? ''
const client = new DakeraClient()

const ways = {
  sdk: () => client.whoami(),
  raw: async () =>
    (await fetch(`${url}/v1/auth/whoami`, { headers: { authorization: `Bearer ${key}` } })).json() as Promise<unknown>,
}
const times: Record<keyof typeof ways, number[]> = { sdk: [], raw: [] }
for (let i = -WARM_UP; i < CALLS; i++) {
  for (const name of ['sdk', 'raw'] as const) {
    const started = performance.now()
    await ways[name]()
    if (i >= 0) times[name].push(performance.now() - started)
  }
}
const summary = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
console.log(JSON.stringify({ sdk: summary(times.sdk), raw: summary(times.raw) }))

// Plays packages/protocol/conformance/live against a real server. Plain JavaScript, as conformance.mjs is.
import { readdirSync, readFileSync } from 'node:fs'
import { calls, checkError, collect, matches, neutral } from './conformance.mjs'

const FOLDER = new URL('../../protocol/conformance/live/', import.meta.url)

/** Every scenario, with its file. */
export const scenarios = readdirSync(FOLDER).flatMap((file) =>
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')).map((one) => ({ ...one, file })),
)

/** Plays the steps of one scenario in order, and throws where one differs. */
export async function playLive({ steps }, { sdk, url, run }) {
  const kept = { run }
  for (const [i, template] of steps.entries()) {
    const step = fillIn(template, kept)
    try {
      const result = await take(step, sdk, url)
      for (const [name, path] of Object.entries(step.keep ?? {}))
        kept[name] = path.split('.').reduce((part, field) => part[field], result)
    } catch (cause) {
      throw new Error(`step ${i + 1}, ${step.operation}: ${cause.message}`, { cause })
    }
  }
}

async function take({ key, operation, call, idempotency_key, ...step }, sdk, url) {
  const client = new sdk.DakeraClient({ baseUrl: url, apiKey: key })
  let outcome
  try {
    outcome = {
      result: neutral(await collect(step, calls[operation](client, call, { idempotencyKey: idempotency_key }))),
    }
  } catch (error) {
    outcome = { error }
  }
  if (step.error) return checkError({ operation, error: step.error }, outcome, sdk)
  if (outcome.error) throw outcome.error
  if (step.result !== undefined) matches(outcome.result, step.result, 'result')
  return outcome.result
}

/** Puts what was kept into every string; one that is nothing but a name becomes the value itself. */
function fillIn(value, kept) {
  if (typeof value === 'string') {
    if (value.startsWith('$') && Object.hasOwn(kept, value.slice(1))) return kept[value.slice(1)]
    return value.replaceAll(/\$([a-z_]+)/g, (text, name) => (Object.hasOwn(kept, name) ? kept[name] : text))
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, kept))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [fillIn(name, kept), fillIn(inner, kept)]))
}

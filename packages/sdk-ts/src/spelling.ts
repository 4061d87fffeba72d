/** Turns `topK` into `top_k`, one level deep: what stands inside metadata is the caller's own. Of two spellings the camelCase one counts. */
export function toWire(fields: object | null | undefined): Record<string, unknown> {
  const given = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const wire = given.filter(([name]) => !CAPITAL.test(name))
  const camel = given.filter(([name]) => CAPITAL.test(name)).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value])
  return Object.fromEntries([...wire, ...camel])
}

const CAPITAL = /[A-Z]/

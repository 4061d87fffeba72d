/** Turns `topK` into `top_k`, one level deep: what stands inside metadata is the caller's own. Of two spellings the camelCase one counts. */
export function toWire(fields: object | null | undefined): Record<string, unknown> {
  const given = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const isCamel = ([name]: [string, unknown]) => /[A-Z]/.test(name)
  const wire = given.map(([name, value]): [string, unknown] => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value])
  return Object.fromEntries([
    ...wire.filter((_, i) => !isCamel(given[i] as [string, unknown])),
    ...wire.filter((_, i) => isCamel(given[i] as [string, unknown])),
  ])
}

/** The names of the product's samples, where they are not `verb_noun`. */
const FLAT: Record<string, Record<string, string>> = {
  health: {},
  namespaces: named('namespace', ['create', 'upsert', 'get', 'delete'], { list: 'list_namespaces' }),
  keys: named('key', ['create', 'get', 'update', 'rotate', 'deactivate', 'delete'], { list: 'list_keys', usage: 'key_usage', whoami: 'whoami' }),
  namespace_keys: named('namespace_key', ['create', 'delete'], { list: 'list_namespace_keys', usage: 'namespace_key_usage' }),
  memories: named('memory', ['store', 'get', 'update'], {
    store_batch: 'store_memories',
    recall: 'recall',
    search: 'search_memories',
    set_importance: 'set_importance',
    forget: 'forget',
    forget_batch: 'batch_forget',
    list: 'list_memories',
  }),
  sessions: named('session', ['start', 'end', 'get'], { list: 'list_sessions', memories: 'session_memories' }),
  agents: { list: 'list_agents', stats: 'agent_stats', memories: 'agent_memories' },
}

function named(noun: string, verbs: string[], others: Record<string, string>): Record<string, string> {
  return { ...Object.fromEntries(verbs.map((verb) => [verb, `${verb}_${noun}`])), ...others }
}

type Method = { name: string; isAsync: boolean; signature: string; result: string; doc: string }

/** One method for each flat name, with the signature and the sentences of its resource's own. */
export function flatNames(files: Array<{ resource: string; source: string }>): string {
  const imports = new Map<string, Set<string>>()
  const classes: string[] = []
  const methods = files.flatMap(({ resource, source }) => {
    const cls = /^class (\w+):/m.exec(source)?.[1] ?? ''
    classes.push(`from .resources.${resource} import ${cls}`)
    const flat = FLAT[resource] ?? {}
    const found = [...methodsOf(source)]
    const missing = found.filter(({ name }) => resource !== 'health' && !flat[name])
    if (missing.length > 0) throw new Error(`${resource}.${missing[0]?.name} has no flat name`)
    return found.filter(({ name }) => flat[name]).map((method) => {
      for (const word of `${method.signature} ${method.result}`.match(/\b[A-Z]\w+/g) ?? []) {
        const module = moduleOf(source, word)
        if (module) imports.set(module, (imports.get(module) ?? new Set()).add(word))
      }
      return delegate(resource, flat[method.name] ?? '', method)
    })
  })
  const attributes = files.map(({ resource, source }) => `    ${resource}: ${/^class (\w+):/m.exec(source)?.[1]}\n`).join('')
  const from = (module: string) => importLine(module.replace(/^\.\.\./, '..'), [...(imports.get(module) ?? [])])
  return `# @generated from resources/*.py by scripts/generate.ts; do not edit.
"""The flat names of the product's samples: each hands over to its resource and does nothing else."""

from __future__ import annotations

${['collections.abc', 'typing'].filter((name) => imports.has(name)).map(from).join('')}
${[...imports.keys()].filter((name) => name.startsWith('.')).sort().map(from).join('')}${classes.sort().join('\n')}


class AsyncFlatNames:
    """What every client can be asked by a flat name."""

${attributes}
${methods.join('\n')}`
}

function* methodsOf(source: string): Generator<Method> {
  const pattern = /^ {4}(async )?def ([a-z]\w*)\(\n?(.*?)\n?(?: {4})?\) -> (.*?):\n {8}"""(.*?)"""/gms
  for (const [, isAsync, name = '', signature = '', result = '', doc = ''] of source.matchAll(pattern)) {
    yield { name, isAsync: isAsync !== undefined, signature: signature.trim(), result, doc }
  }
}

function delegate(resource: string, name: string, method: Method): string {
  const parameters = splitParameters(method.signature).slice(1) // without self
  let isKeywordOnly = false
  const handed = parameters.flatMap((parameter) => {
    if (parameter === '*') isKeywordOnly = true
    if (parameter === '*') return []
    const [word = ''] = parameter.split(':')
    return word.startsWith('**') ? [word] : [isKeywordOnly ? `${word}=${word}` : word]
  })
  const call = `return ${method.isAsync ? 'await ' : ''}self.${resource}.${method.name}`
  return `    ${method.isAsync ? 'async ' : ''}def ${name}(
        self,
${parameters.map((parameter) => `        ${parameter},\n`).join('')}    ) -> ${method.result}:
        """${method.doc}"""
        ${handed.length === 0 ? `${call}()` : `${call}(\n${handed.map((word) => `            ${word},\n`).join('')}        )`}
`
}

/** At the commas that stand in no brackets. */
function splitParameters(signature: string): string[] {
  const parts = ['']
  let depth = 0
  for (const letter of signature) {
    if ('[('.includes(letter)) depth++
    if ('])'.includes(letter)) depth--
    if (letter === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts.map((part) => part.trim()).filter(Boolean)
}

function moduleOf(source: string, word: string): string | undefined {
  for (const [, module, names = ''] of source.matchAll(/^from (\S+) import (\([^)]*\)|.*)$/gm)) {
    if (names.match(/\w+/g)?.includes(word)) return module
  }
  return undefined
}

/** As ruff sorts and breaks it. */
function importLine(module: string, names: string[]): string {
  const kind = (name: string) => (name === name.toUpperCase() ? 0 : /^[A-Z]/.test(name) ? 1 : 2)
  const sorted = names.sort((a, b) => kind(a) - kind(b) || (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  const line = `from ${module} import ${sorted.join(', ')}\n`
  return line.length <= 121 ? line : `from ${module} import (\n${sorted.map((name) => `    ${name},\n`).join('')})\n`
}

/** What differs between the two clients, in the order it is replaced. */
const TO_SYNC: Array<[RegExp, string]> = [
  [/^( *)with anyio\.fail_after\(.*\):\n {4}/gm, ''],
  [/^import anyio\n/gm, ''],
  [/\bawait anyio\.sleep\b/g, 'time.sleep'],
  [/\basync (def|with|for)\b/g, '$1'],
  [/\bawait /g, ''],
  [/\b__a(enter|exit)__\b/g, '__$1__'],
  [/\baclose\b/g, 'close'],
  [/\baiter_bytes\b/g, 'iter_bytes'],
  [/\bAsync(?=[A-Z])/g, ''],
  [/The client for asyncio and trio\./g, 'The client for plain Python.'],
]

/** The same file for the client that does not wait. */
export function syncTwin(source: string, from: string): string {
  const twin = TO_SYNC.reduce((text, [pattern, replacement]) => text.replaceAll(pattern, replacement), source)
  const sorted = twin.replaceAll(/^from (\S+) import ([^(\n]+)$/gm, (_, module: string, names: string) => importLine(module, names.split(', ')).trimEnd())
  return `# @generated from ${from} by scripts/generate.ts; do not edit.\n${sorted.replace(/^# @generated.*\n/, '')}`
}

/** Wraps words into lines of at most `width` columns, each with the same beginning. Text in backticks is one word. */
export function wrap(text: string, beginning: string, width = 120): string {
  const lines: string[] = []
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    const last = lines.at(-1)
    if (last !== undefined && beginning.length + last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => `${beginning}${line}`.trimEnd()).join('\n')
}

/** `memory_type` → `MemoryType` */
export const pascal = (name: string) => name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
/** `memory_type` → `memoryType` */
export const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
/** `storeMemory` → `store_memory` */
export const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Returns the text with the names of fields, which are in backticks, in the spelling of a language. */
export const respelled = (text: string, spell: (name: string) => string) =>
  text.replaceAll(/`([a-z]+(?:_[a-z]+)+)`/g, (_, name: string) => `\`${spell(name)}\``)

export const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
export const unique = <T>(values: T[]) => [...new Set(values)]

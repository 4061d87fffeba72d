import { readdirSync, readFileSync } from 'node:fs'

/** One function of db/functions with its text: comment, definition, settings and rights. */
export type SqlFunction = { name: string; owner: string; text: string }

export const FUNCTIONS = new URL('../src/db/functions/', import.meta.url)

/** Returns every function of the folder in the order in which it is applied: file by file, from top to bottom. */
export function readFunctions(folder = FUNCTIONS): SqlFunction[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .flatMap((file) => parseFunctions(readFileSync(new URL(file, folder), 'utf8'), file))
}

/**
 * Parses a file. `set role` names the owner of the functions below it. A statement above a `create function` belongs to
 * that function.
 */
export function parseFunctions(text: string, file: string): SqlFunction[] {
  const functions: SqlFunction[] = []
  let owner = ''
  let above = ''
  for (const statement of splitStatements(text)) {
    const code = statement.replace(COMMENTS, '').trim().toLowerCase()
    const role = /^set role (\w+)$/.exec(code)?.[1]
    const name = /^create or replace function (\w+)/.exec(code)?.[1]
    const last = functions.at(-1)
    if (role || code === 'reset role') owner = role ?? ''
    else if (name && !owner) throw new Error(`${file}: there is no "set role <owner>;" above the function ${name}.`)
    else if (name) {
      functions.push({ name, owner, text: `${above}${statement};` })
      above = ''
    } else if (/^(revoke|grant) .* on function /s.test(code)) {
      if (!last || above) throw new Error(`${file}: rights are written below their function: ${code}`)
      last.text += `${statement};`
    } else if (code) above += `${statement};`
  }
  if (above) throw new Error(`${file}: this belongs to no function: ${above.trim()}`)
  return functions.map(({ text, ...rest }) => ({ ...rest, text: text.trim() }))
}

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?\*\//g

/** Splits a text at each semicolon that is not in a comment, a string or a body between $$ and $$. */
export function splitStatements(text: string): string[] {
  const statements: string[] = []
  let begin = 0
  for (const { 0: token, index } of text.matchAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(\$\w*\$)[\s\S]*?\1|;/g)) {
    if (token !== ';') continue
    statements.push(text.slice(begin, index))
    begin = index + 1
  }
  return [...statements, text.slice(begin)]
}

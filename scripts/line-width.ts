import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const COLUMNS = 120

const TEXTS = ['ts', 'mts', 'mjs', 'sql', 'py', 'go', 'rs', 'sh', 'md']
const LANDED = 'apps/server/src/db/migrations/landed.sha256'

/** The lines that may be wider, in all languages. */
const EXEMPT: { why: string; is: (file: string, line: string, isFenced: boolean, landed: Set<string>) => boolean }[] = [
  { why: 'landed migrations are frozen', is: (file, _line, _isFenced, landed) => landed.has(file) },
  { why: 'a row of a Markdown table is one line', is: (file, line) => isMarkdown(file) && /^\s*\|/.test(line) },
  {
    why: 'code in Markdown is cut from a program, or one command',
    is: (file, _line, isFenced) => isMarkdown(file) && isFenced,
  },
  {
    why: 'the target of a Markdown link cannot be broken',
    is: (file, line) => isMarkdown(file) && columnsOf(line.replaceAll(/\]\([^)]*\)|<?https?:\S+/g, '')) <= COLUMNS,
  },
]

const isMarkdown = (file: string) => file.endsWith('.md')
const columnsOf = (line: string) => [...line].length

/** Returns every line of the repository that is wider than COLUMNS and not exempt, as "file:line: columns". */
export function findWideLines(root: string): string[] {
  const landed = readLanded(root)
  return findFiles(root).flatMap((file) => wideLines(file, readFileSync(join(root, file), 'utf8'), landed))
}

function wideLines(file: string, text: string, landed: Set<string>): string[] {
  let isFenced = false
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) isFenced = !isFenced
    const columns = columnsOf(line)
    if (columns <= COLUMNS || EXEMPT.some(({ is }) => is(file, line, isFenced, landed))) return []
    return [`${file}:${index + 1}: ${columns}`]
  })
}

function findFiles(root: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', ...TEXTS.map((kind) => `*.${kind}`)]
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}

function readLanded(root: string): Set<string> {
  if (!existsSync(join(root, LANDED))) return new Set()
  const folder = LANDED.replace('landed.sha256', '')
  const lines = readFileSync(join(root, LANDED), 'utf8').trim().split('\n')
  return new Set(lines.map((line) => folder + (line.split('  ')[1] ?? '')))
}

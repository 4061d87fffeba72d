import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Endpoint, endpoints } from '../packages/protocol/src/index.ts'

/** The folders in which each SDK names the operation of a method. */
const SDKS: Record<string, string> = {
  'packages/sdk-ts': 'src/**/*.ts',
  'packages/sdk-python': '**/*.py',
  'packages/sdk-rust': '**/*.rs',
  'packages/sdk-go': '**/*.go',
}

type Case = { operation: string; result?: unknown; error?: { code: string } }

/**
 * Returns, in words, what an endpoint of the contract lacks: a method in each existing SDK, a case that succeeds and
 * one per declared error, and a row under "Every call" in each page of docs/sdks. `root` is the folder of the
 * repository.
 */
export function findGaps(root: string, operations: readonly Endpoint[] = ALL): string[] {
  const files = (pattern: string, cwd: string) =>
    globSync(pattern, { cwd, exclude: (path) => /(^|\/)(node_modules|dist|target|\.venv)$/.test(path) })
  const read = (folder: string, pattern: string) =>
    files(pattern, join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'utf8'))

  const sources = Object.entries(SDKS)
    .filter(([folder]) => existsSync(join(root, folder)))
    .map(([folder, pattern]) => ({ folder, text: read(folder, pattern).join('\n') }))
  const cases = read('packages/protocol/conformance', '*.json').flatMap((text) => JSON.parse(text) as Case[])
  const pages = files('docs/sdks/*.md', root).map((page) => ({ page, text: readFileSync(join(root, page), 'utf8') }))

  return operations
    .filter(({ twinOf }) => !twinOf)
    .flatMap(({ id, errors }) => {
      const own = cases.filter(({ operation }) => operation === id)
      return [
        ...sources.filter(({ text }) => !isNamed(id, text)).map(({ folder }) => `${folder} has no method for ${id}`),
        ...(own.some(({ result }) => result !== undefined)
          ? []
          : [`packages/protocol/conformance has no case in which ${id} succeeds`]),
        ...errors
          .filter((code) => !own.some(({ error }) => error?.code === code))
          .map((code) => `packages/protocol/conformance has no case in which ${id} answers ${code}`),
        ...pages.filter(({ text }) => !hasRow(id, text)).map(({ page }) => `${page} has no row for ${id}`),
      ]
    })
}

const ALL = Object.values(endpoints).flatMap((group): Endpoint[] => Object.values(group))
const escaped = (id: string) => id.replaceAll('.', '\\.')
const isNamed = (id: string, source: string) => new RegExp(`["'\`]${escaped(id)}["'\`]`).test(source)
const hasRow = (id: string, page: string) => new RegExp(`^\\| *\`?${escaped(id)}\`? *\\|`, 'm').test(page)

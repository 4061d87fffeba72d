import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readChangesets } from '@changesets/read'

const CONTRACT = 'packages/protocol/openapi.json'
const PUBLISHED = 'packages/protocol/published-openapi.json'
const SERVER = '@dakera-ai/server'

/**
 * Returns, in words, that the contract changed without a changeset of the server. The contract is compared with the
 * branch's start on origin/main, if there is one, and with the last release, which is the only reference in a clone of
 * main.
 */
export async function findContractWithoutChangeset(root: string): Promise<string | undefined> {
  const contract = readFileSync(join(root, CONTRACT), 'utf8')
  const changesets = (await readChangesets(root)).filter(({ releases }) => releases.some(({ name }) => name === SERVER))
  if (changesets.length === 0 && contract !== readFileSync(join(root, PUBLISHED), 'utf8'))
    return `${CONTRACT} differs from the last release, and no changeset names ${SERVER}.`

  const start = git(root, 'merge-base', 'HEAD', 'origin/main')?.trim()
  const before = start && git(root, 'show', `${start}:${CONTRACT}`)
  if (!before || contract === before) return undefined
  const isNew = ({ id }: { id: string }) => git(root, 'cat-file', '-e', `${start}:.changeset/${id}.md`) === undefined
  if (changesets.some(isNew)) return undefined
  return `${CONTRACT} differs from origin/main, and no new changeset names ${SERVER}: pnpm changeset`
}

/** Runs git. Undefined if it fails, because the branch or file does not exist. */
function git(root: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  return status === 0 ? stdout : undefined
}

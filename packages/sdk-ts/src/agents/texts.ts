import type { Memory } from '../models.ts'
import { ANSWER_LENGTH, ANSWERS, TASK_TAGS } from './table.ts'

/** Puts values into a text of the table. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))

/** The memories that fit into one answer, and how many were left out. */
export function memoriesText(memories: readonly Memory[], total = memories.length): string {
  const about = ({ namespace, author }: Memory) => [namespace, author ?? '']
  return memories.length === 0 ? ANSWERS.none : linesOf(memories, about, total)
}

/** The tasks among the memories of the coordinator, newest first, each with its newest status. */
export function tasksText(memories: readonly Memory[], limit: number): string {
  const statuses = new Map<string, string>()
  const tasks: Memory[] = []
  for (const memory of memories) {
    const id = tagged(memory, TASK_TAGS.id)
    const status = tagged(memory, TASK_TAGS.status)
    const key = id ?? memory.id
    if (status !== undefined && !statuses.has(key)) statuses.set(key, status)
    if (memory.tags.includes(TASK_TAGS.task)) tasks.push(memory)
  }
  const about = (task: Memory) => [
    statuses.get(tagged(task, TASK_TAGS.id) ?? task.id) ?? '',
    tagged(task, TASK_TAGS.to) ?? '',
  ]
  return tasks.length === 0 ? ANSWERS.noTasks : linesOf(tasks.slice(0, limit), about, tasks.length)
}

const tagged = ({ tags }: Memory, prefix: string) =>
  tags.find((tag) => tag.startsWith(prefix) && tag.length > prefix.length)?.slice(prefix.length)

function linesOf(memories: readonly Memory[], about: (memory: Memory) => string[], total: number): string {
  const lines: string[] = []
  let length = 0
  for (const memory of memories) {
    const day = new Date(memory.created_at * 1000).toISOString().slice(0, 10)
    const head = [`[${memory.id}] ${about(memory)[0]}`.trimEnd(), about(memory)[1], day].filter(Boolean).join(' · ')
    // Lines of the content are indented, so that none looks like the head of another memory.
    const line = `${head} · ${memory.content.replaceAll(/\r\n|[\n\r\u2028\u2029]/g, '\n  ')}`
    length += line.length
    if (lines.length > 0 && length > ANSWER_LENGTH) break
    lines.push(line)
  }
  const count = total - lines.length
  return [...lines, ...(count > 0 ? [fill(ANSWERS.more, { count })] : [])].join('\n')
}

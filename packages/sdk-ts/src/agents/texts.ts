import type { Memory } from '../models.ts'
import { ANSWER_LENGTH, ANSWERS, TASK_TAGS } from './table.ts'

/** Puts values into a text of the table. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))

/** The memories that fit into one answer, and how many were left out. */
export function memoriesText(memories: readonly Memory[]): string {
  const about = ({ namespace, author }: Memory) => [namespace, author ?? '']
  return memories.length === 0 ? ANSWERS.none : linesOf(memories, about, memories.length)
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
  const lines = memories.map((memory) => {
    const [first, second] = about(memory)
    const day = new Date(memory.created_at * 1000).toISOString().slice(0, 10)
    const line = [`[${memory.id}] ${first}`.trimEnd(), second, day, memory.content].filter(Boolean).join(' · ')
    // Whatever is in it, no further line looks like the head of another memory.
    return line.replaceAll(/\r\n|[\n\r\u2028\u2029]/g, '\n  ')
  })
  return fitting(lines, total)
}

/** The lines that fit into one answer, and how many were left out. */
export function fitting(lines: readonly string[], total = lines.length): string {
  const shown: string[] = []
  let length = 0
  for (const line of lines) {
    length += line.length
    if (shown.length > 0 && length > ANSWER_LENGTH) break
    shown.push(line)
  }
  const count = total - shown.length
  return [...shown, ...(count > 0 ? [fill(ANSWERS.more, { count })] : [])].join('\n')
}

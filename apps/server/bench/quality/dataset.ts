import { readFileSync } from 'node:fs'

export type Question = { text: string; category: string; evidence: string[] }
/** Memories that belong together, in order, with questions about them. */
export type Collection = {
  name: string
  memories: { id: string; content: string; sessionId?: string }[]
  questions: Question[]
}

type Turn = { id: string; session: number; speaker: string; text: string; caption?: string }
type Conversations = {
  categories: Record<string, string>
  conversations: {
    conversation: string
    turns: Turn[]
    questions: { question: string; category: number; evidence: string[]; corrected_evidence?: string[] }[]
  }[]
}
type Notes = {
  memories: { id: string; text: string }[]
  questions: { question: string; kind: string; evidence: string[] }[]
}

/**
 * Reads a set in either format: conversations (LoCoMo: a namespace each, a memory per turn) or notes (one namespace).
 */
export function readDataset(file: string): Collection[] {
  const data = JSON.parse(readFileSync(file, 'utf8')) as Conversations | Notes
  return 'conversations' in data
    ? data.conversations.map((one) => fromConversation(one, data.categories))
    : [fromNotes(data)]
}

/**
 * Category 5 asks about facts that were never mentioned; the others count only if the evidence is a turn of the
 * conversation.
 */
function fromConversation(
  { conversation, turns, questions }: Conversations['conversations'][number],
  categories: Conversations['categories'],
): Collection {
  const ids = new Set(turns.map(({ id }) => id))
  return {
    name: conversation,
    memories: turns.map(({ id, session, speaker, text, caption }) => ({
      id,
      sessionId: `session-${session}`,
      content: `${speaker}: ${text}${caption ? ` [image: ${caption}]` : ''}`,
    })),
    questions: questions
      .filter(({ category }) => category !== 5)
      .map(({ question, category, evidence, corrected_evidence }) => ({
        text: question,
        category: categories[category] ?? String(category),
        evidence: [...new Set(corrected_evidence?.length ? corrected_evidence : evidence)].filter((id) => ids.has(id)),
      }))
      .filter(({ evidence }) => evidence.length > 0),
  }
}

const fromNotes = ({ memories, questions }: Notes): Collection => ({
  name: 'notes',
  memories: memories.map(({ id, text }) => ({ id, content: text })),
  questions: questions.map(({ question, kind, evidence }) => ({ text: question, category: kind, evidence })),
})

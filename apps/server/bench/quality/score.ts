export const CUTS = [1, 5, 10, 20] as const
export type Score = { questions: number; recall: Record<(typeof CUTS)[number], number>; mrr: number }
/** The results of one question, and the expected ones. */
export type Answer = { category: string; found: string[]; evidence: string[] }

/**
 * R@k: mean share of the evidence in the first k. MRR: mean of 1 / rank of the first evidence in the first 20, else 0.
 */
export function score(answers: Answer[]): Score {
  const mean = (value: (answer: Answer) => number) =>
    answers.reduce((sum, answer) => sum + value(answer), 0) / Math.max(1, answers.length)
  const within = ({ found, evidence }: Answer, k: number) =>
    evidence.filter((id) => found.slice(0, k).includes(id)).length / evidence.length
  return {
    questions: answers.length,
    recall: Object.fromEntries(CUTS.map((k) => [k, mean((answer) => within(answer, k))])) as Score['recall'],
    mrr: mean(({ found, evidence }) => {
      const rank = found.slice(0, 20).findIndex((id) => evidence.includes(id))
      return rank < 0 ? 0 : 1 / (rank + 1)
    }),
  }
}

/** The baseline of a person with grep: sorts by how many of the question's longer words are literally in the text. */
export function grep(memories: { id: string; content: string }[], question: string): string[] {
  const words = [...new Set(question.toLowerCase().match(/[a-z0-9]{4,}/g) ?? [])]
  return memories
    .map(({ id, content }, position) => ({
      id,
      position,
      hits: words.filter((word) => content.toLowerCase().includes(word)).length,
    }))
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => b.hits - a.hits || a.position - b.position)
    .slice(0, 20)
    .map(({ id }) => id)
}

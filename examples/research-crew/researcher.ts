// Reads the documents. Every sentence is first a private note; certain ones are published with their place.
import { joinCrew, main, nextTask, SHORT_LIVED, type Source } from './crew.ts'
import { isStillThere, readSentences, type Sentence } from './documents.ts'

const PER_CALL = 200
const MOST = 2_000

await main(async () => {
  const { dakera, namespaces, folder } = joinCrew()
  const task = await nextTask(dakera, namespaces.coordinator, 'researcher')

  const { files, sentences } = await readSentences(folder)
  if (sentences.length === 0) throw new Error(`There is nothing to read: no prose in the .md files of ${folder}.`)
  const read = sentences.slice(0, MOST)
  console.log(
    `read ${files} files, ${read.length} sentences${read.length < sentences.length ? ` (of ${sentences.length})` : ''}`,
  )

  for (const part of inParts(read)) {
    await dakera.storeMemories(
      namespaces.researcher,
      part.map((sentence) => ({
        content: `To check: ${sentence.text}`,
        importance: 0.3,
        tags: ['internal-note', 'needs-verification'],
        metadata: place(sentence),
      })),
    )
  }
  console.log(`kept ${read.length} private notes, for nobody but itself and the orchestrator`)

  const findings: Sentence[] = []
  const seen = new Set<string>()
  for (const sentence of read) {
    const isNew = !seen.has(sentence.text)
    seen.add(sentence.text)
    if (isNew && isCertain(sentence.text) && (await isStillThere(folder, sentence))) findings.push(sentence)
  }
  for (const part of inParts(findings)) {
    await dakera.storeMemories(
      namespaces.shared,
      part.map((sentence) => ({
        content: sentence.text,
        importance: 0.85,
        tags: ['finding', 'verified'],
        memoryType: 'semantic',
        metadata: { source: 'researcher', verified: true, ...place(sentence) },
      })),
    )
  }
  console.log(
    `published ${findings.length} findings with file, heading and line; ${read.length - findings.length} were ` +
      'too uncertain or said twice',
  )

  await dakera.storeMemory(namespaces.researcher, {
    content: `${findings.length} verified findings are published.`,
    importance: 0.4,
    tags: ['status-update', 'status:complete', `task_id:${task.id}`],
    ...SHORT_LIVED,
  })
})

/** Returns whether a sentence is certain: a question, a plan or a guess is not a finding. */
function isCertain(text: string): boolean {
  return (
    !text.endsWith('?') &&
    !/\b(todo|tbd|fixme|maybe|perhaps|probably|might|possibly|not sure|unclear|we think|i think)\b/i.test(text)
  )
}

function place({ file, heading, line }: Sentence): Source {
  return { file, heading, line }
}

function inParts<T>(items: T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / PER_CALL) }, (_, i) =>
    items.slice(i * PER_CALL, (i + 1) * PER_CALL),
  )
}

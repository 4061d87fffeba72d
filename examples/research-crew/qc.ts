// Reads only shared memories. Its key cannot write anywhere, so its verdict is the exit code of its process.
import { type Memory, NotFoundError } from '@dakera-ai/dakera'
import { isCovered, readArticle } from './article.ts'
import { ClaimFailed, expectDenied, joinCrew, main, nextTask } from './crew.ts'

await main(async () => {
  const { dakera, namespaces } = joinCrew()
  await nextTask(dakera, namespaces.coordinator, 'qc')

  await expectDenied(
    'tries to publish something itself',
    'INSUFFICIENT_SCOPE',
    dakera.storeMemory(namespaces.shared, { content: 'QC was here.' }),
  )

  const [article] = await dakera.listMemories(namespaces.shared, { filter: { tags: ['article', 'status:complete'] } })
  if (!article) throw new ClaimFailed('There is no article.')

  // The author of a memory is the name of the key that stored it, which is that of the agent's own namespace. No agent
  // can set it, so no agent can publish in the name of another.
  const sources = await Promise.all((article.metadata['cites'] as string[]).map((id) => findSource(id)))
  const complaints = readArticle(article.content).flatMap(({ sentence, numbers }) => {
    const cited = numbers.map((number) => sources[number - 1])
    if (numbers.length === 0) return [`has no source: ${sentence}`]
    const problem = cited.map((source) => complaintAbout(source)).find((complaint) => complaint !== undefined)
    if (problem) return [`${problem}: ${sentence}`]
    return isCovered(
      sentence,
      cited.map((source) => source?.content ?? ''),
    )
      ? []
      : [`is not what its source says: ${sentence}`]
  })
  for (const complaint of complaints) console.log(`a sentence ${complaint}`)

  const count = readArticle(article.content).length
  if (complaints.length > 0 || count === 0)
    throw new ClaimFailed(`${complaints.length} of ${count} sentences cannot be published.`)
  console.log(`checked ${count} sentences: each has a verified finding of the researcher as its source`)

  async function findSource(id: string): Promise<Memory | undefined> {
    return dakera.getMemory(id, { namespace: namespaces.shared }).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined
      throw error
    })
  }

  function complaintAbout(source: Memory | undefined): string | undefined {
    if (!source) return 'cites what is not there'
    if (!source.tags.includes('verified')) return 'cites what is not verified'
    if (source.author !== namespaces.researcher) return `cites what ${source.author} wrote`
    if (!source.metadata['file'] || !source.metadata['line']) return 'cites something without a place'
    return undefined
  }
})

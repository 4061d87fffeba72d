// Writes an article from the team's shared findings. It cannot read the researcher's notes.
import { compose, type Finding, isCovered, readArticle, title } from './article.ts'
import { expectDenied, joinCrew, main, nextTask, SHORT_LIVED, type Source } from './crew.ts'
import { chosenModel, composeByModel } from './model.ts'

await main(async () => {
  const { dakera, namespaces, topic } = joinCrew()
  const task = await nextTask(dakera, namespaces.coordinator, 'writer')

  await expectDenied(
    "asks for the researcher's private notes",
    'NAMESPACE_ACCESS_DENIED',
    dakera.recall(namespaces.researcher, topic),
  )

  const recalled = await dakera.recall(namespaces.shared, topic, {
    topK: 8,
    tags: ['verified'],
    filter: { source: 'researcher' },
  })
  console.log(`recalled ${recalled.length} verified findings for "${topic}" in ${recalled.queryTimeMs.toFixed(0)} ms`)
  const findings: Finding[] = recalled.map(({ id, content, metadata }) => ({
    id,
    content,
    source: metadata as unknown as Source,
  }))
  if (findings.length === 0) throw new Error('The team knows nothing about that. Try another --topic.')

  const first = findings[0]?.source
  await dakera.storeMemory(namespaces.writer, {
    content: `Plan for "${topic}": begin with ${first?.file}, "${first?.heading}". Too narrow?`,
    importance: 0.25,
    tags: ['draft-note', 'structure'],
  })

  const model = chosenModel(process.env)
  const draft = model ? await composeByModel(model, topic, findings) : compose(topic, findings)
  const article = model ? edit(draft, findings) : draft

  await dakera.storeMemory(namespaces.shared, {
    content: article,
    importance: 0.9,
    tags: ['output', 'article', 'status:complete', `task_id:${task.id}`],
    memoryType: 'semantic',
    metadata: { source: 'writer', written_by: model?.name ?? 'template', cites: findings.map(({ id }) => id) },
  })
  console.log(
    `published an article of ${readArticle(article).length} sentences, written by ` +
      `${model ? `the model ${model.name}` : 'template'}`,
  )

  await dakera.storeMemory(namespaces.writer, {
    content: 'The article is published.',
    importance: 0.4,
    tags: ['status-update', 'status:complete', `task_id:${task.id}`],
    ...SHORT_LIVED,
  })
})

/** Removes sentences without a source, or that the source does not support: a model may add facts. */
function edit(draft: string, findings: Finding[]): string {
  const sentences = readArticle(draft)
  const kept = sentences.filter(({ sentence, numbers }) => {
    const cited = numbers.flatMap((number) => findings[number - 1]?.content ?? [])
    return numbers.length > 0 && cited.length === numbers.length && isCovered(sentence, cited)
  })
  if (kept.length < sentences.length)
    console.log(`left out ${sentences.length - kept.length} sentences of the model that have no source`)
  if (kept.length === 0) throw new Error('The model wrote nothing that has a source.')
  return [
    title(topicOf(draft)),
    '',
    ...kept.map(({ sentence, numbers }) => `${sentence} ${numbers.map((number) => `[${number}]`).join('')}`),
  ].join('\n')
}

function topicOf(draft: string): string {
  return draft.split('\n', 1)[0]?.replace(/^# /, '') ?? ''
}

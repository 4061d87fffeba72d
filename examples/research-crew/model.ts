import { type Finding, title } from './article.ts'

/** A language model behind any endpoint that speaks the chat API of OpenAI. */
export type Model = { name: string; apiKey: string; baseUrl: string }

/** Returns the model, only if both a key and a model were chosen for this example. */
export function chosenModel(env: NodeJS.ProcessEnv): Model | undefined {
  const { OPENAI_API_KEY: apiKey, DAKERA_EXAMPLE_MODEL: name } = env
  return apiKey && name
    ? { apiKey, name, baseUrl: (env['OPENAI_BASE_URL'] || 'https://api.openai.com/v1').replace(/\/+$/, '') }
    : undefined
}

/** Lets the model write the article. Its text is not trusted: the writer and the QC check every sentence. */
export async function composeByModel(model: Model, topic: string, findings: Finding[]): Promise<string> {
  const facts = findings
    .map(({ content, source }, i) => `[${i + 1}] (${source.file}, ${source.heading}) ${content}`)
    .join('\n')
  const instructions =
    'Write an article of at most twelve sentences, using nothing but the numbered facts and staying close to ' +
    'their words. ' +
    ('Put each sentence on a line of its own and end it with the number of its fact in brackets, like [3]. Write ' +
      'no heading.')
  const response = await fetch(`${model.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${model.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: model.name,
      messages: [
        { role: 'system', content: instructions },
        { role: 'user', content: `The topic: ${topic}\n\nThe facts:\n${facts}` },
      ],
    }),
    signal: AbortSignal.timeout(60_000),
  })
  if (!response.ok)
    throw new Error(
      `The model ${model.name} did not write: HTTP ${response.status} from ${model.baseUrl}. Without ` +
        'DAKERA_EXAMPLE_MODEL no model is asked.',
    )
  const { choices } = (await response.json()) as { choices?: { message?: { content?: string } }[] }
  const written = choices?.[0]?.message?.content?.trim()
  if (!written) throw new Error(`The model ${model.name} returned no text.`)
  return `${title(topic)}\n\n${written}`
}

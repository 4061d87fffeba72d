import { BUILTIN_MODEL, openBuiltin } from './builtin.ts'
import { type Embedder, EmbedderMisconfigured } from './embedder.ts'
import { OpenAiEmbedder } from './openai.ts'
import { CallFailed, canShorten, type OpenAiConfig, OpenAiEndpoint } from './openai-endpoint.ts'

export type EmbeddingConfig = { provider: 'builtin' } | ({ provider: 'openai' } & OpenAiConfig)

/** The dimensions of OpenAI's own models, if fewer are not requested. */
const DIMENSIONS: Record<string, number> = {
  'text-embedding-3-small': 1536,
  'text-embedding-3-large': 3072,
  'text-embedding-ada-002': 1536,
}

/**
 * Returns the embedder of this configuration. Rejects with `EmbedderMisconfigured` or `EmbedderUnavailable`, whose
 * message names the setting to change.
 */
export async function chooseEmbedder(config: EmbeddingConfig): Promise<Embedder> {
  if (config.provider === 'builtin') return openBuiltin()
  if (config.model === '')
    throw new EmbedderMisconfigured('Set DAKERA_EMBEDDING_MODEL to a model of the embedding provider.')
  const native = DIMENSIONS[config.model]
  const dimension = config.dimension ?? native ?? (await askDimension(config))
  if (native !== undefined && dimension !== native && (dimension > native || !canShorten(config.model))) {
    throw new EmbedderMisconfigured(
      `${config.model} has ${native} dimensions, not ${dimension}. Set DAKERA_EMBEDDING_DIMENSION to ${native} ` +
        'or leave it unset.',
    )
  }
  const sendsDimensions = config.dimension !== undefined && config.dimension !== native
  return new OpenAiEmbedder({ ...config, dimension }, sendsDimensions)
}

/**
 * Returns the embedder of a stored model id, with the current settings of the provider. Rejects like chooseEmbedder.
 */
export function embedderOf(model: string, settings: Omit<OpenAiConfig, 'model' | 'dimension'>): Promise<Embedder> {
  if (model === BUILTIN_MODEL) return openBuiltin()
  const at = model.lastIndexOf('@')
  return chooseEmbedder({
    ...settings,
    provider: 'openai',
    model: model.slice(0, at),
    dimension: Number(model.slice(at + 1)),
  })
}

/** Embeds one text to find out the dimension. Not retried, because an operator watches the start. */
async function askDimension(config: OpenAiConfig): Promise<number> {
  try {
    const [vector] = await new OpenAiEndpoint(config, false).call(
      ['How long is a vector of this model?'],
      config.timeoutMs ?? 10_000,
      true,
    )
    if (vector instanceof Float32Array) return vector.length
    throw new CallFailed('setting', 'The embedding provider returned a vector without direction.')
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const message =
      `The dimension of ${config.model} is unknown, and the request for it failed: ${error.message} ` +
      'Or set DAKERA_EMBEDDING_DIMENSION.'
    throw new EmbedderMisconfigured(message, { cause: error })
  }
}

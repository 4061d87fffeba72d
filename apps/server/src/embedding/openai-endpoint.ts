import OpenAI, { APIConnectionError, APIError } from 'openai'
import type { Outcome } from './batcher.ts'
import { EmbedderMisconfigured, EmbedderUnavailable, TextRefused, toUnit } from './embedder.ts'

export type OpenAiConfig = {
  apiKey?: string | undefined
  baseUrl?: string | undefined
  model: string
  dimension?: number | undefined
  /** How long one request may take, retries included. */
  timeoutMs?: number | undefined
}

export const OPENAI_BASE_URL = 'https://api.openai.com/v1'

/**
 * Thrown if a call fails. `later`: a retry may succeed. `text`: the provider rejects these texts, or their number.
 * `unclear`, `slow`: the call failed or timed out, either because the provider is down or because it cannot process a
 * text. `setting`: an operator must act.
 */
export class CallFailed extends Error {
  readonly kind: 'later' | 'text' | 'unclear' | 'slow' | 'setting'
  readonly error: EmbedderUnavailable
  /** The Retry-After that the provider sent. */
  readonly retryAfterMs: number | undefined
  constructor(kind: CallFailed['kind'], message: string, retryAfterMs?: number) {
    super(message)
    this.kind = kind
    this.error =
      kind === 'setting'
        ? new EmbedderMisconfigured(message)
        : new EmbedderUnavailable(message, (retryAfterMs ?? 1000) / 1000)
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * One model at an address that implements OpenAI's embeddings API. Each call is one HTTP request, whose response is
 * fully checked.
 */
export class OpenAiEndpoint {
  readonly #client: OpenAI
  readonly #config: OpenAiConfig
  readonly #address: string
  #sendsDimensions: boolean
  /**
   * If undefined, the package requests base64, which takes a quarter of the bytes; a few servers support floats only.
   */
  #encoding: 'float' | undefined

  constructor(config: OpenAiConfig, sendsDimensions: boolean) {
    const { apiKey, baseUrl = OPENAI_BASE_URL } = config
    this.#address = checkedAddress(baseUrl)
    if (!apiKey && baseUrl === OPENAI_BASE_URL)
      throw new EmbedderMisconfigured('OpenAI needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL to another server.')
    if (apiKey && !/^[\x21-\x7e]+$/.test(apiKey))
      throw new EmbedderMisconfigured('OPENAI_API_KEY contains a space, a line break or another invalid character.')
    this.#config = config
    this.#sendsDimensions = sendsDimensions
    this.#client = new OpenAI({
      apiKey: apiKey || 'none',
      baseURL: baseUrl,
      // Set explicitly, because the package would take them from the environment and send them to any server.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      maxRetries: 0,
      ...(apiKey ? {} : { defaultHeaders: { Authorization: null } }),
    })
  }

  /**
   * Returns one outcome per text, in order. `quotesProvider` is set only for texts of ours, because a provider's
   * message may repeat them.
   */
  async call(texts: string[], timeoutMs: number, quotesProvider = false): Promise<Outcome[]> {
    const { model, dimension } = this.#config
    // the package's own timeout ends when the headers arrive
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))
    try {
      const reply: unknown = await this.#client.embeddings.create(
        {
          model,
          input: texts,
          ...(this.#sendsDimensions && dimension ? { dimensions: dimension } : {}),
          ...(this.#encoding ? { encoding_format: this.#encoding } : {}),
        },
        { signal, timeout: Math.ceil(timeoutMs) + 1000 },
      )
      return this.#read(reply, texts.length)
    } catch (error) {
      if (error instanceof CallFailed) throw error
      if (signal.aborted) {
        throw new CallFailed(
          'slow',
          `${this.#address} did not respond within ${Math.round(timeoutMs)} ms. If it is only slow, raise ` +
            'DAKERA_EMBEDDING_TIMEOUT_MS.',
        )
      }
      if (this.#canDoWithout(error)) return this.call(texts, timeoutMs, quotesProvider)
      throw this.#failure(error, quotesProvider)
    }
  }

  /**
   * Some servers reject a parameter that they do not know. The dimension of the response is checked anyway, so the
   * parameter can be left out.
   */
  #canDoWithout(error: unknown): boolean {
    if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return false
    if (!this.#encoding && /encoding_format|base64/i.test(error.message)) {
      this.#encoding = 'float'
      return true
    }
    if (this.#sendsDimensions && !canShorten(this.#config.model) && /dimension|matryoshka/i.test(error.message)) {
      this.#sendsDimensions = false
      return true
    }
    return false
  }

  #read(reply: unknown, count: number): Outcome[] {
    const data = typeof reply === 'object' && reply !== null && 'data' in reply ? reply.data : undefined
    if (!Array.isArray(data))
      throw new CallFailed(
        'setting',
        `${this.#address} does not respond like an embeddings API. Check OPENAI_BASE_URL; it usually ends in /v1.`,
      )
    if (data.length !== count)
      throw new CallFailed('setting', `${this.#address} returned ${data.length} vectors for ${count} texts.`)
    const outcomes = new Array<Outcome>(count)
    data.forEach((item: { index?: unknown; embedding?: unknown } | null, position) => {
      const at = item?.index ?? position
      if (typeof at !== 'number' || !(at in data) || at in outcomes)
        throw new CallFailed(
          'setting',
          `${this.#address} returns invalid indexes, so its vectors cannot be matched to the texts.`,
        )
      outcomes[at] = this.#readVector(item?.embedding)
    })
    return outcomes
  }

  #readVector(values: unknown): Outcome {
    const isVector = values instanceof Float32Array || Array.isArray(values)
    if (!isVector || values.length === 0)
      throw new CallFailed('setting', `${this.#address} responded with something that is not a vector.`)
    const { dimension, model } = this.#config
    if (dimension !== undefined && values.length !== dimension) {
      throw new CallFailed(
        'setting',
        `${model} at ${this.#address} returns ${values.length} dimensions instead of ${dimension}. Set ` +
          'DAKERA_EMBEDDING_DIMENSION to the dimension of the model, or DAKERA_EMBEDDING_MODEL to another model.',
      )
    }
    const unit = values.every((value: unknown) => typeof value === 'number')
      ? toUnit(values as number[] | Float32Array)
      : undefined
    return unit === undefined
      ? new TextRefused(`${model} at ${this.#address} returned a vector for a text whose elements are not numbers.`)
      : unit
  }

  #failure(error: unknown, quotesProvider: boolean): CallFailed {
    const { model, apiKey } = this.#config
    if (error instanceof APIConnectionError || !(error instanceof APIError)) {
      const code = connectionCode(error)
      if (error instanceof APIConnectionError)
        return new CallFailed(
          'later',
          `Cannot reach ${this.#address}${code ? ` (${code})` : ''}. Is it running, and is OPENAI_BASE_URL right?`,
        )
      return new CallFailed(
        error instanceof SyntaxError ? 'later' : 'setting',
        `${this.#address} sent a response that cannot be read. Check OPENAI_BASE_URL.`,
      )
    }
    const status = Number(error.status)
    const said =
      quotesProvider && status !== 401
        ? ` Its message: ${error.message.replaceAll(apiKey || '\0', '[key]').slice(0, 200)}`
        : codeOf(error)
    const from = `${this.#address} responded with ${status}`
    if (status === 401 || status === 403)
      return new CallFailed('setting', `${from}: it rejects the key. Check OPENAI_API_KEY.${said}`)
    if (status === 404)
      return new CallFailed(
        'setting',
        `${from}: no model "${model}" or no such path. Check DAKERA_EMBEDDING_MODEL and OPENAI_BASE_URL.${said}`,
      )
    if (status === 400 || status === 413 || status === 422)
      return new CallFailed('text', `${from}: it rejects the request.${said}`)
    const waitMs = retryAfterMs(error.headers)
    if (status >= 500 && status !== 503 && waitMs === undefined) return new CallFailed('unclear', `${from}.${said}`)
    if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500)
      return new CallFailed('later', `${from}.${said}`, waitMs)
    return new CallFailed('setting', `${from}. Check OPENAI_BASE_URL.${said}`)
  }
}

/** Models of OpenAI that can be asked for fewer dimensions. */
export const canShorten = (model: string) => model.startsWith('text-embedding-3')

/** Checks the address and returns it without its query, because some gateways expect a key there. */
function checkedAddress(baseUrl: string): string {
  const url = URL.parse(baseUrl)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new EmbedderMisconfigured('OPENAI_BASE_URL is not an http(s) address such as http://localhost:11434/v1.')
  if (url.username || url.password)
    throw new EmbedderMisconfigured('OPENAI_BASE_URL contains a user name or password. Use OPENAI_API_KEY.')
  return url.origin + url.pathname
}

/** OpenAI's short code, such as `context_length_exceeded`; never free text. */
function codeOf({ code, type }: APIError): string {
  const known = [code, type].find((value) => typeof value === 'string' && /^[\w.-]{1,60}$/.test(value))
  return known ? ` (${known})` : ''
}

function connectionCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return undefined
}

/** Parses a Retry-After header, which contains seconds or a date. */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after')
  if (!value) return undefined
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

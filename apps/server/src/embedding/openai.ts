import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Batcher, type Outcome } from './batcher.ts'
import { Breaker } from './breaker.ts'
import { type Embedder, EmbedderMisconfigured, EmbedderUnavailable } from './embedder.ts'
import { CallFailed, type OpenAiConfig, OpenAiEndpoint } from './openai-endpoint.ts'
import { VectorCache } from './vector-cache.ts'

/**
 * Only the beginning of a long text is embedded: about 2,000 English tokens, and within 8,191 in nearly any script.
 * The whole text is stored and found by its words. Where a model takes less, the beginning is halved until it fits.
 */
const MAX_LETTERS = 8_000
/** A text this short that is refused is not refused for its length. */
const SHORT_LETTERS = 500
const BATCH = { maxTexts: 256, maxLetters: 64_000, waitMs: 2, maxConcurrent: 4, maxQueued: 20_000 }
const BREAKER = { failuresToOpen: 5, openMs: 10_000 }
const CACHE_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 10_000
const ATTEMPTS = 4
/** Doubled with each attempt, give or take half. */
const FIRST_WAIT_MS = 150
/** Requests that one batch may become when parts of it are refused. */
const CALLS_PER_BATCH = 64
/** A longer Retry-After is passed on to the caller instead of being waited for. */
const PATIENCE_MS = 2_000
const LONGEST_HOLD_MS = 60_000
/** How long an answer counts as proof that the provider is well. */
const FRESH_MS = 60_000
const PROBE_MS = 5_000
const PROBE_TEXT = 'Is this embedding model ready?'

/** What one batch may still spend. `failure` ends it: whatever is left gets that. */
type Work = { deadline: number; calls: number; failure?: EmbedderUnavailable }

/** Embeds through any server that speaks OpenAI's API. The dimension must be known; `choose.ts` finds it out. */
export class OpenAiEmbedder implements Embedder {
  readonly model: string
  readonly dimension: number
  readonly isLocal = false
  readonly #timeoutMs: number
  readonly #endpoint: OpenAiEndpoint
  readonly #limits = { ...BATCH }
  readonly #batcher = new Batcher((texts) => this.#sendBatch(texts), this.#limits)
  readonly #breaker = new Breaker(BREAKER)
  readonly #cache = new VectorCache(CACHE_BYTES)
  #lastSuccess = Number.NEGATIVE_INFINITY
  #probing: ReturnType<Embedder['check']> | undefined

  constructor(config: OpenAiConfig & { dimension: number }, sendsDimensions: boolean) {
    this.#endpoint = new OpenAiEndpoint(config, sendsDimensions)
    this.model = `${config.model}@${config.dimension}`
    this.dimension = config.dimension
    this.#timeoutMs = config.timeoutMs ?? TIMEOUT_MS
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<(Float32Array | null)[]> {
    signal?.throwIfAborted()
    const vectors = new Array<Float32Array | null>(texts.length).fill(null)
    const missing: { at: number; key: string; text: string }[] = []
    texts.forEach((whole, at) => {
      if (whole.trim() === '') return // servers refuse an empty text
      const text = beginning(whole, MAX_LETTERS)
      const key = hash('sha256', text, 'base64')
      const known = this.#cache.get(key)
      if (known === undefined) missing.push({ at, key, text })
      else vectors[at] = known
    })
    if (missing.length === 0) return vectors
    const outcomes = await this.#batcher.get(missing, signal)
    let failure: EmbedderUnavailable | undefined
    outcomes.forEach((outcome, i) => {
      if (outcome instanceof EmbedderUnavailable) {
        failure ??= outcome
        return
      }
      const { at, key } = missing[i] as { at: number; key: string }
      this.#cache.set(key, outcome) // also when another text failed: the caller will come again
      vectors[at] = outcome === null ? null : outcome.slice()
    })
    if (failure) throw failure
    return vectors
  }

  async check(): ReturnType<Embedder['check']> {
    const held = this.#breaker.refusal
    if (held) return { ok: false, message: held.message }
    if (performance.now() - this.#lastSuccess < FRESH_MS) return { ok: true }
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined
    })
    return this.#probing
  }

  async #probe(): ReturnType<Embedder['check']> {
    const work = this.#newWork(Math.min(PROBE_MS, this.#timeoutMs))
    const [outcome] = await this.#sendRetrying([PROBE_TEXT], work).catch((error: unknown) => [asUnavailable(error)])
    return outcome instanceof EmbedderUnavailable ? { ok: false, message: outcome.message } : { ok: true }
  }

  #newWork(ms: number): Work {
    return { deadline: performance.now() + ms, calls: CALLS_PER_BATCH }
  }

  #sendBatch(texts: string[]): Promise<Outcome[]> {
    return this.#sendDividing(texts, this.#newWork(this.#timeoutMs))
  }

  /** When the provider refuses a batch, halves it, then the text, until what is refused stands alone. */
  async #sendDividing(texts: string[], work: Work): Promise<Outcome[]> {
    const { failure } = work
    if (failure) return texts.map(() => failure)
    try {
      return await this.#sendRetrying(texts, work)
    } catch (error) {
      if (!(error instanceof CallFailed && error.kind === 'text')) {
        const ending = asUnavailable(error)
        work.failure = ending
        return texts.map(() => ending)
      }
      const [text = ''] = texts
      if (texts.length > 1) return this.#sendHalves(texts, work)
      if (text.length > SHORT_LETTERS) return this.#sendDividing([beginning(text, Math.ceil(text.length / 2))], work)
      return this.#judgeRefusal(error, work)
    }
  }

  async #sendHalves(texts: string[], work: Work): Promise<Outcome[]> {
    const half = Math.ceil(texts.length / 2)
    const outcomes = [...(await this.#sendDividing(texts.slice(0, half), work)), ...(await this.#sendDividing(texts.slice(half), work))]
    // Nothing wrong with any of them: it was their number. Some servers take no more than 32.
    if (outcomes.every((outcome) => !(outcome instanceof Error))) this.#limits.maxTexts = Math.min(this.#limits.maxTexts, half)
    return outcomes
  }

  /** A short text alone was refused: is it this text, or would any be? */
  async #judgeRefusal(refusal: CallFailed, work: Work): Promise<Outcome[]> {
    try {
      await this.#sendRetrying([PROBE_TEXT], work, true)
      return [refusal.error]
    } catch (error) {
      const isRefused = error instanceof CallFailed && error.kind === 'text'
      work.failure = isRefused
        ? new EmbedderMisconfigured(`${error.message} Check DAKERA_EMBEDDING_MODEL and DAKERA_EMBEDDING_DIMENSION.`)
        : asUnavailable(error)
      return [work.failure]
    }
  }

  /** Rejects with `CallFailed` of kind `text`, or with what the caller should get. */
  async #sendRetrying(texts: string[], work: Work, quotesProvider = false): Promise<Outcome[]> {
    for (let attempt = 1; ; attempt++) {
      this.#breaker.enter()
      try {
        const leftMs = work.deadline - performance.now()
        if (--work.calls < 0 || leftMs <= 0) throw new CallFailed('later', 'The embedding provider needed too long for one batch.')
        const outcomes = await this.#endpoint.call(texts, Math.min(leftMs, this.#timeoutMs / 2), quotesProvider)
        this.#breaker.succeeded()
        this.#lastSuccess = performance.now()
        return outcomes
      } catch (error) {
        const waitMs = this.#afterFailure(error, attempt, work)
        if (waitMs === undefined) throw error instanceof CallFailed && error.kind !== 'text' ? error.error : error
        await sleep(waitMs)
      }
    }
  }

  /** Tells the breaker, and says how long to wait before the next attempt; undefined when there is none. */
  #afterFailure(error: unknown, attempt: number, work: Work): number | undefined {
    if (!(error instanceof CallFailed)) {
      this.#breaker.failed(asUnavailable(error))
      return undefined
    }
    if (error.kind === 'text') {
      this.#breaker.succeeded() // it answered
      return undefined
    }
    const asked = error.retryAfterMs
    const isTooLong = asked !== undefined && asked > PATIENCE_MS
    this.#breaker.failed(error.error, isTooLong ? Math.min(asked, LONGEST_HOLD_MS) : 0)
    const waitMs = asked ?? FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random())
    const isLast = error.kind === 'setting' || isTooLong || attempt >= ATTEMPTS || performance.now() + waitMs >= work.deadline
    return isLast ? undefined : waitMs
  }
}

/** The first letters of a text, never half of a surrogate pair. */
const beginning = (text: string, letters: number) => (text.length <= letters ? text : text.slice(0, letters).replace(/[\uD800-\uDBFF]$/, ''))

function asUnavailable(error: unknown): EmbedderUnavailable {
  if (error instanceof EmbedderUnavailable) return error
  if (error instanceof CallFailed) return error.error
  return new EmbedderUnavailable('The embedding request failed.', 1, { cause: error })
}

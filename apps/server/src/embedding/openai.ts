import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Batcher, type Item, type Outcome } from './batcher.ts'
import { Breaker } from './breaker.ts'
import { type Caller, type Embedder, EmbedderMisconfigured, EmbedderUnavailable, TextRefused } from './embedder.ts'
import { CallFailed, type OpenAiConfig, OpenAiEndpoint } from './openai-endpoint.ts'
import { VectorCache } from './vector-cache.ts'

/**
 * Only the beginning of a long text is embedded: about 2,000 English tokens, and within 8,191 in nearly any script. The
 * whole text is stored and found by its words. If a model accepts less, the beginning is halved until it fits.
 */
const MAX_LETTERS = 8_000
/** The length below which a rejected text was not rejected for its length. */
const SHORT_LETTERS = 500
const BATCH = {
  maxTexts: 256,
  maxLetters: 64_000,
  smallTexts: 16,
  smallLetters: 16_000,
  waitMs: 2,
  maxConcurrent: 4,
  maxQueued: 20_000,
  maxQueuedEach: 5_000,
}
const BREAKER = { failuresToOpen: 5, openMs: 10_000 }
const CACHE_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 10_000
const ATTEMPTS = 4
/**
 * How long the texts of an owner are sent in requests of their own after one of them failed or delayed those of others.
 */
const APART_MS = 60_000
/** Doubled with each attempt, with a jitter of half. */
const FIRST_WAIT_MS = 150
/** The maximum number of requests into which one owner's part of a batch is divided if parts of it are rejected. */
const CALLS_PER_BATCH = 64
/** The longest Retry-After that the server waits for; a longer one is passed on to the caller. */
const PATIENCE_MS = 2_000
const LONGEST_HOLD_MS = 60_000
/** How long a response counts as proof that the provider works. */
const FRESH_MS = 60_000
const PROBE_MS = 5_000
const PROBE_TEXT = 'Is this embedding model ready?'

/**
 * The number of failures, possibly caused by the texts, after which a probe is sent. After a timeout, which is
 * expensive, it is sent at once.
 */
const DOUBTS = 2

/** The remaining budget of one batch. `failure` ends the batch: the remaining texts get this error. */
type Work = {
  deadline: number
  calls: number
  /** Failures that the texts may have caused, and that the breaker has not counted. */
  doubts: number
  /** The result of the probe: the provider accepts other texts, or none. */
  provider?: 'well' | 'down' | undefined
  failure?: EmbedderUnavailable
  isDivided?: true
}

/** Embeds through any server that implements OpenAI's API. The dimension must be known; `choose.ts` finds it out. */
export class OpenAiEmbedder implements Embedder {
  readonly model: string
  readonly dimension: number
  readonly isLocal = false
  readonly #timeoutMs: number
  readonly #endpoint: OpenAiEndpoint
  readonly #limits = { ...BATCH }
  readonly #batcher = new Batcher((items, settle) => this.#sendBatch(items, settle), this.#limits)
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

  async embed(texts: readonly string[], { owner, signal }: Caller): Promise<(Float32Array | null)[]> {
    signal?.throwIfAborted()
    const vectors = new Array<Float32Array | null>(texts.length).fill(null)
    const missing: { at: number; key: string; text: string }[] = []
    texts.forEach((whole, at) => {
      if (whole.trim() === '') return // servers reject an empty text
      const text = beginning(whole, MAX_LETTERS)
      const key = hash('sha256', text, 'base64')
      const known = this.#cache.get(owner, key)
      if (known === undefined) missing.push({ at, key, text })
      else vectors[at] = known
    })
    if (missing.length === 0) return vectors
    const outcomes = await this.#batcher.get(owner, missing, signal)
    const refused: { at: number; error: TextRefused }[] = []
    let failure: EmbedderUnavailable | undefined
    outcomes.forEach((outcome, i) => {
      const { at, key } = missing[i] as { at: number; key: string }
      if (outcome instanceof TextRefused) refused.push({ at, error: outcome })
      else if (outcome instanceof EmbedderUnavailable) failure ??= outcome
      else {
        this.#cache.set(owner, key, outcome) // also if another text failed, because the caller will retry
        vectors[at] = outcome === null ? null : outcome.slice()
      }
    })
    // First: whatever else is wrong, these will be rejected again.
    if (refused[0])
      throw new TextRefused(
        refused[0].error.message,
        refused.map(({ at }) => at),
      )
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
    return outcome instanceof Error && work.provider !== 'well' ? { ok: false, message: outcome.message } : { ok: true }
  }

  #newWork(ms = this.#timeoutMs): Work {
    return { deadline: performance.now() + ms, calls: CALLS_PER_BATCH, doubts: 0 }
  }

  /**
   * Sends the texts of several owners together. If one of them fails the request, each owner's texts are sent
   * separately, with a time limit of their own.
   */
  async #sendBatch(items: readonly Item[], settle: (at: number, outcome: Outcome) => void): Promise<void> {
    const everything = [...items.keys()]
    const textsOf = (part: number[]) => part.map((at) => (items[at] as Item).text)
    const settlePart = (part: number[], outcomes: Outcome[]) => {
      for (const [i, at] of part.entries()) settle(at, outcomes[i] as Outcome)
    }
    const parts = [...Map.groupBy(everything, (at) => (items[at] as Item).owner).values()]
    const work = this.#newWork()
    if (parts.length > 1) {
      try {
        return settlePart(everything, await this.#doubtful(await this.#sendRetrying(textsOf(everything), work), work))
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error
      }
    }
    const { provider } = work
    await Promise.all(
      parts.map(async (part) => {
        const own: Work = { ...this.#newWork(), provider }
        settlePart(part, await this.#sendDividing(textsOf(part), own))
        if (own.isDivided) this.#batcher.keepApart((items[part[0] as number] as Item).owner, APART_MS)
      }),
    )
  }

  /** If the provider rejects a batch, halves it, and then the text, until only what is rejected is left. */
  async #sendDividing(texts: string[], work: Work): Promise<Outcome[]> {
    const { failure } = work
    if (failure) return texts.map(() => failure)
    try {
      return await this.#doubtful(await this.#sendRetrying(texts, work), work)
    } catch (error) {
      if (!(error instanceof CallFailed)) {
        const ending = asUnavailable(error)
        work.failure = ending
        return texts.map(() => ending)
      }
      work.isDivided = true
      const [text = ''] = texts
      if (texts.length > 1) return this.#sendHalves(texts, work, error)
      if (text.length > SHORT_LETTERS && error.kind !== 'slow')
        return this.#sendDividing([beginning(text, Math.ceil(text.length / 2))], work)
      return [await this.#judge(text, error, work)]
    }
  }

  async #sendHalves(texts: string[], work: Work, { kind }: CallFailed): Promise<Outcome[]> {
    const half = Math.ceil(texts.length / 2)
    const outcomes = [
      ...(await this.#sendDividing(texts.slice(0, half), work)),
      ...(await this.#sendDividing(texts.slice(half), work)),
    ]
    // Every text succeeded, so their number was rejected: some servers accept at most 32.
    if (kind === 'text' && outcomes.every((outcome) => !(outcome instanceof Error)))
      this.#limits.maxTexts = Math.min(this.#limits.maxTexts, half)
    return outcomes
  }

  /**
   * Decides, for a rejected text that cannot be divided further, whether the provider rejects this text or every text.
   */
  async #judge(text: string, refusal: CallFailed, work: Work): Promise<Outcome> {
    try {
      // once more, as its failure is final
      if (isDoubtful(refusal)) return (await this.#sendRetrying([text], work))[0] as Outcome
      if (work.provider !== 'well') await this.#sendRetrying([PROBE_TEXT], work, true)
      work.provider = 'well'
      return new TextRefused(refusal.message)
    } catch (error) {
      if (isDoubtful(refusal) && error instanceof CallFailed)
        return refusal.kind === 'slow' ? refusal.error : new TextRefused(refusal.message)
      const isRefused = error instanceof CallFailed && error.kind === 'text'
      work.failure = isRefused
        ? new EmbedderMisconfigured(`${error.message} Check DAKERA_EMBEDDING_MODEL and DAKERA_EMBEDDING_DIMENSION.`)
        : asUnavailable(error)
      return work.failure
    }
  }

  /** A vector of NaN is caused by its text only if the provider returns numbers for another text. */
  async #doubtful(outcomes: Outcome[], work: Work): Promise<Outcome[]> {
    if (!outcomes.every((outcome) => outcome instanceof TextRefused) || (await this.#isWell(work))) return outcomes
    return outcomes.map(({ message }) => new EmbedderUnavailable(message))
  }

  /**
   * Rejects with a `CallFailed` that the texts caused, or with the error for the caller. The breaker counts only
   * failures of the provider: a text that it cannot process must not block other callers.
   */
  async #sendRetrying(texts: string[], work: Work, quotesProvider = false): Promise<Outcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(texts, work, quotesProvider)
      } catch (error) {
        if (!(error instanceof CallFailed) || error.kind === 'text') throw error
        if (isDoubtful(error) && (await this.#isTextsFault(error, work))) throw error
        const waitMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random())
        const isLast =
          error.kind === 'setting' ||
          waitMs > PATIENCE_MS ||
          attempt >= ATTEMPTS ||
          performance.now() + waitMs >= work.deadline
        if (isLast) throw error.error
        await sleep(waitMs)
      }
    }
  }

  /** Returns whether the texts caused an unclear failure. A probe finds out once there is reason to ask. */
  async #isTextsFault({ kind, error }: CallFailed, work: Work): Promise<boolean> {
    work.doubts++
    const isTimeToAsk = kind === 'slow' || work.doubts >= DOUBTS || work.provider !== undefined
    if (!isTimeToAsk) return false
    if (await this.#isWell(work)) return true
    for (; work.doubts > 0; work.doubts--) this.#breaker.failed(error)
    return false
  }

  /** Sends a probe, once per batch, with a text that every model accepts. */
  async #isWell(work: Work): Promise<boolean> {
    if (work.provider === undefined) {
      const [outcome] = await this.#call([PROBE_TEXT], work).catch((error: unknown) => [error])
      work.provider = outcome instanceof Error ? 'down' : 'well'
      if (isDoubtful(outcome)) work.doubts++
    }
    return work.provider === 'well'
  }

  /** Sends one request, and reports its result to the breaker if it is clear. */
  async #call(texts: string[], work: Work, quotesProvider = false): Promise<Outcome[]> {
    const leftMs = work.deadline - performance.now()
    if (--work.calls < 0 || leftMs <= 0)
      throw new EmbedderUnavailable('The embedding provider took too long for one batch.')
    this.#breaker.enter()
    try {
      const outcomes = await this.#endpoint.call(texts, Math.min(leftMs, this.#timeoutMs / 2), quotesProvider)
      this.#breaker.succeeded()
      this.#lastSuccess = performance.now()
      return outcomes
    } catch (error) {
      if (!(error instanceof CallFailed)) this.#breaker.failed(asUnavailable(error))
      else if (error.kind === 'text') this.#breaker.succeeded()
      else if (isDoubtful(error)) this.#breaker.unclear()
      else this.#breaker.failed(error.error, holdOf(error))
      throw error
    }
  }
}

const isDoubtful = (error: unknown) =>
  error instanceof CallFailed && (error.kind === 'unclear' || error.kind === 'slow')

/** Returns the provider's Retry-After, if it is longer than callers wait. */
const holdOf = ({ retryAfterMs = 0 }: CallFailed) =>
  retryAfterMs > PATIENCE_MS ? Math.min(retryAfterMs, LONGEST_HOLD_MS) : 0

/** Returns the first letters of a text, never half of a surrogate pair. */
const beginning = (text: string, letters: number) =>
  text.length <= letters ? text : text.slice(0, letters).replace(/[\uD800-\uDBFF]$/, '')

function asUnavailable(error: unknown): EmbedderUnavailable {
  if (error instanceof EmbedderUnavailable) return error
  if (error instanceof CallFailed) return error.error
  return new EmbedderUnavailable('The embedding request failed.', 1, { cause: error })
}

import { setTimeout } from 'node:timers/promises'
import { DakeraClient, DakeraError } from '@dakera-ai/dakera'
import { type Note, notes, questions, seeded } from '../../bench/notes.ts'

/** The results of the calls of one kind of key: "ok", a status and its sentence, or why there was no response. */
export type Answers = Record<string, number>
/** The memories of one key at the end, compared with what was acknowledged to it. */
export type Checked = { memories: number; wrong: string[] }

export type OrdinaryKey = {
  /** Works at the pace of a person until `isOver` returns true. */
  run(isOver: () => boolean): Promise<void>
  answers: Answers
  /** The times of recalls, in milliseconds. */
  recallTimes: number[]
  /** Gets each memory by its id. */
  check(): Promise<Checked>
}

/**
 * The expected state of a memory: as acknowledged, or gone. `any`: a change whose response did not arrive may have
 * happened or not.
 */
type Expected = { content: string; importance: number | 'any' } | 'gone' | 'any'

const PAUSE_MS = { least: 300, most: 2_500 }
const SETTLED_WITHIN = 5

/** An agent with its own namespace that stores, recalls, searches, lists, updates, forgets and has sessions. */
export function openOrdinaryKey(baseUrl: string, apiKey: string, namespace: string, seed: number): OrdinaryKey {
  const agent = new DakeraClient({ baseUrl, apiKey, maxRetries: 0, timeoutMs: 60_000 })
  const random = seeded(seed)
  const source = notes(seed)
  const asked = questions(seed)
  const answers: Answers = {}
  const recallTimes: number[] = []
  const expected = new Map<string, Expected>()
  const someId = (): string | undefined => {
    const ids = [...expected].filter(([, what]) => what !== 'gone' && what !== 'any').map(([id]) => id)
    return ids[Math.floor(random() * ids.length)]
  }

  /** Returns the response, or undefined if the call failed; both are counted. */
  const attempt = async <T>(call: () => PromiseLike<T>): Promise<T | undefined> => {
    let answer = 'ok'
    try {
      return await call()
    } catch (error) {
      answer =
        error instanceof DakeraError
          ? `${error.status ?? error.code} ${error.message.replace(/ \(request .*/, '').slice(0, 200)}`
          : 'other'
      return undefined
    } finally {
      answers[answer] = (answers[answer] ?? 0) + 1
    }
  }

  const store = async (note: Note, sessionId?: string) => {
    const stored = await attempt(() =>
      agent.storeMemory(namespace, { ...note, ...(sessionId !== undefined && { sessionId }) }),
    )
    if (stored) expected.set(stored.id, { content: note.content, importance: note.importance })
  }
  const actions: [weight: number, act: () => Promise<void>][] = [
    [30, () => store(source.next().value)],
    [
      30,
      async () => {
        const started = performance.now()
        if (await attempt(() => agent.recall(namespace, asked.next().value, { topK: 5 })))
          recallTimes.push(performance.now() - started)
      },
    ],
    [10, async () => void (await attempt(() => agent.searchMemories(namespace, asked.next().value)))],
    [8, async () => void (await attempt(() => agent.listMemories(namespace, { limit: 20 })))],
    [
      9,
      async () => {
        const id = someId()
        const known = id === undefined ? undefined : expected.get(id)
        if (id === undefined || typeof known !== 'object') return
        const importance = Math.round(100 * random()) / 100
        const updated = await attempt(() => agent.updateMemory(id, { importance }, { namespace }))
        expected.set(id, { ...known, importance: updated ? importance : 'any' })
      },
    ],
    [
      5,
      async () => {
        const id = someId()
        if (id === undefined) return
        const forgotten = await attempt(() => agent.forget(namespace, id))
        expected.set(id, forgotten ? 'gone' : 'any')
      },
    ],
    [
      8,
      async () => {
        const session = await attempt(() => agent.sessions.start(namespace))
        if (!session) return
        await store(source.next().value, session.id)
        await attempt(() => agent.sessions.end(session.id, { summary: 'done' }, { namespace }))
      },
    ],
  ]

  const run = async (isOver: () => boolean) => {
    while (!isOver()) {
      await weighted(actions, random())()
      await setTimeout(PAUSE_MS.least + random() * (PAUSE_MS.most - PAUSE_MS.least))
    }
  }

  const check = async (): Promise<Checked> => {
    const wrong: string[] = []
    for (const [id, what] of expected) {
      if (what === 'any') continue
      const found = await find(agent, id, namespace)
      if (found === 'unknown') wrong.push(`${namespace}/${id} could not be asked for`)
      else if (what === 'gone') {
        if (found) wrong.push(`${namespace}/${id} is there again, after it was forgotten`)
      } else if (!found) wrong.push(`${namespace}/${id} is lost`)
      else if (found.content !== what.content) wrong.push(`${namespace}/${id} has another content`)
      else if (what.importance !== 'any' && Math.abs(found.importance - what.importance) > 1e-6)
        wrong.push(`${namespace}/${id} lost an update`)
    }
    return { memories: expected.size, wrong }
  }
  return { run, answers, recallTimes, check }
}

/** Chooses an action by its weight, for a number in [0, 1). */
export function weighted<T>(choices: [weight: number, value: T][], at: number): T {
  let rest = at * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of choices) {
    rest -= weight
    if (rest < 0) return value
  }
  throw new Error('nothing to choose from')
}

/** The hostile keys have stopped, but their calls may still run: a temporary refusal is retried. */
async function find(agent: DakeraClient, id: string, namespace: string) {
  for (let attempts = 1; ; attempts++) {
    try {
      return await agent.getMemory(id, { namespace })
    } catch (error) {
      if (error instanceof DakeraError && error.status === 404) return undefined
      if (attempts === SETTLED_WITHIN) return 'unknown'
      await setTimeout(1_000)
    }
  }
}

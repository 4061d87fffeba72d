import type { DakeraClient } from '@dakera-ai/dakera'
import { expect, test } from 'vitest'
import { failure, start } from './harness.ts'
import { series } from './series.ts'

const CLIENTS = 50
const REQUESTS = series({ short: 1_000, whole: 10_000 })

test(`${CLIENTS} clients with own keys on a pool, ${REQUESTS} requests: no reply has a row of another`, async () => {
  await using t = await start()
  type Owner = { name: string; mark: string; client: DakeraClient; ids: string[] }
  const owners: Owner[] = []
  for (let i = 0; i < CLIENTS; i++) {
    const name = `owner-${i}`
    owners.push({
      name,
      mark: `mark${String(i).padStart(2, '0')}x`,
      client: await t.key({ [name]: 'read_write' }, name),
      ids: [],
    })
  }
  const marks = /mark\d\dx/g
  let wrong: string[] = []
  /** Expects that everything in a reply is the caller's own: text, namespace and author. */
  const check = (owner: Owner, what: string, reply: unknown) => {
    const text = JSON.stringify(reply)
    const others = [
      ...(text.match(marks) ?? []).filter((mark) => mark !== owner.mark),
      ...(text.match(/owner-\d+/g) ?? []).filter((name) => name !== owner.name),
    ]
    if (others.length > 0) wrong = [...wrong, `${what} of ${owner.name} shows ${others[0]}`]
  }
  let done = 0
  const store = async (owner: Owner) => {
    const stored = await owner.client.storeMemory(owner.name, {
      content: `A note of ${owner.mark} about tides and harbours.`,
      tags: [owner.mark],
    })
    owner.ids.push(stored.id)
    return stored
  }
  const work = async (owner: Owner, i: number) => {
    const random = (i * 7919) % 20
    if (owner.ids.length === 0 || random < 3) return check(owner, 'store', await store(owner))
    if (random < 6) {
      const found = await owner.client.recall(owner.name, 'tides and harbours', {
        topK: 5,
        routing: random === 3 ? 'bm25' : 'auto',
      })
      if (found.length === 0) wrong = [...wrong, `recall of ${owner.name} lost its rows`]
      return check(owner, 'recall', found)
    }
    if (random < 8) return check(owner, 'list', await owner.client.memories.list(owner.name, { limit: 3 }))
    if (random < 10) return check(owner, 'namespaces', await owner.client.listNamespaces())
    if (random < 12) {
      // The id of another key's row: for this key it does not exist.
      const other = owners[(i * 31 + 1) % CLIENTS] as Owner
      const id = other.ids[0]
      if (!id || other === owner) return check(owner, 'namespaces', await owner.client.listNamespaces())
      const { code } = await failure(owner.client.getMemory(id))
      if (code !== 'NOT_FOUND') wrong = [...wrong, `get of ${other.name}'s row by ${owner.name}: ${code}`]
      return
    }
    const id = owner.ids[i % owner.ids.length] as string
    check(owner, 'get', await owner.client.getMemory(id))
  }
  await Promise.all(
    owners.map(async (owner, offset) => {
      while (done < REQUESTS) await work(owner, done++ * 13 + offset)
    }),
  )
  expect(wrong).toEqual([])
  expect(done).toBeGreaterThanOrEqual(REQUESTS)
})

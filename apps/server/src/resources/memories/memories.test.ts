import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'

test('a stored memory is read back as it was stored', async () => {
  await using t = await start()
  const researcher = await t.key({ researcher: 'read_write' }, 'researcher')
  const { memory } = await researcher.storeMemory('researcher', { content: 'Ada prefers tea.', tags: ['note'], metadata: { source: 'talk' } })
  expect(await researcher.getMemory(memory.id)).toEqual(memory)
  expect(memory).toMatchObject({ content: 'Ada prefers tea.', tags: ['note'], metadata: { source: 'talk' }, author: 'researcher', importance: 0.5, version: 1 })
})

test("another agent's memory answers like an id that never was", async () => {
  await using t = await start()
  const researcher = await t.key({ researcher: 'read_write' })
  const writer = await t.key({ writer: 'read_write' })
  const { memory } = await researcher.storeMemory('researcher', { content: 'private' })
  const hidden = await failure(writer.getMemory(memory.id))
  const absent = await failure(writer.getMemory('mem_never'))
  expect([hidden.status, hidden.code, hidden.body.error]).toEqual([404, 'NOT_FOUND', absent.body.error])
})

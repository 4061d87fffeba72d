import { expect, test } from 'vitest'
import { Pipeline } from './pipeline.ts'

const FIRST_MS = 10
const SECOND_MS = 20

/** Work that begins when it is sent and ends when it is told to. */
function work(name: string, log: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const begin = () => {
    log.push(`${name} sent`)
    return promise
  }
  return { begin, end: resolve, fail: reject }
}
const settle = () => new Promise(setImmediate)

test('a statement is sent while the one before it runs', async () => {
  const log: string[] = []
  const [first, second] = [work('first', log), work('second', log)]
  const pipeline = new Pipeline(() => {})
  const both = [pipeline.statement(FIRST_MS, first.begin), pipeline.statement(FIRST_MS, second.begin)]
  await settle()
  expect(log).toEqual(['first sent', 'second sent'])
  first.end()
  second.end()
  await Promise.all(both)
})

test('what takes several statements begins after all before it, and nothing begins while it lasts', async () => {
  const log: string[] = []
  const [before, transaction, behind] = [work('before', log), work('transaction', log), work('behind', log)]
  const pipeline = new Pipeline(() => {})
  const all = [
    pipeline.statement(FIRST_MS, before.begin),
    pipeline.alone(FIRST_MS, transaction.begin),
    pipeline.statement(FIRST_MS, behind.begin),
  ]
  await settle()
  expect(log).toEqual(['before sent'])
  before.end()
  await settle()
  expect(log).toEqual(['before sent', 'transaction sent'])
  transaction.end()
  await settle()
  expect(log).toEqual(['before sent', 'transaction sent', 'behind sent'])
  behind.end()
  await Promise.all(all)
})

test('what fails holds up nobody', async () => {
  const log: string[] = []
  const [statement, transaction, behind] = [work('statement', log), work('transaction', log), work('behind', log)]
  const pipeline = new Pipeline(() => {})
  const all = [
    pipeline.statement(FIRST_MS, statement.begin),
    pipeline.alone(FIRST_MS, transaction.begin),
    pipeline.alone(FIRST_MS, behind.begin),
  ]
  const outcomes = Promise.allSettled(all)
  statement.fail(new Error('refused'))
  await settle()
  transaction.fail(new Error('rolled back'))
  await settle()
  behind.end()
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
})

test('the time limit is that of the statement which is first, and not of the one behind it', async () => {
  const limits: number[] = []
  const [first, second] = [work('first', []), work('second', [])]
  const pipeline = new Pipeline((ms) => limits.push(ms))
  const both = [pipeline.statement(FIRST_MS, first.begin), pipeline.statement(SECOND_MS, second.begin)]
  await settle()
  expect(limits).toEqual([FIRST_MS])
  first.end()
  await settle()
  expect(limits).toEqual([FIRST_MS, SECOND_MS])
  second.end()
  await Promise.all(both)
})

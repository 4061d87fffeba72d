import { expect, test } from 'vitest'
import { nextTimeSlice } from './time-slices.ts'

test('owners take turns, however many slices one of them has waiting', async () => {
  const ran: string[] = []
  const slice = (owner: string) => nextTimeSlice(owner).then(() => ran.push(owner))
  await Promise.all([
    ...Array.from({ length: 31 }, () => slice('busy')),
    slice('other'),
    slice('third'),
    slice('other'),
  ])
  expect(ran.slice(0, 6)).toEqual(['busy', 'other', 'third', 'busy', 'other', 'busy'])
  expect(ran).toHaveLength(34)
})

import { expect, test } from 'vitest'
import { ClockWatch } from './clock-watch.ts'

const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000]

test('a clock that goes ahead at once is not believed until it has stayed there for ten minutes', () => {
  const watch = new ClockWatch()
  expect(watch.look(DAY, 0)).toBe('steady')
  expect(watch.look(DAY + SECOND, SECOND)).toBe('steady')
  expect(watch.look(61 * DAY, 2 * SECOND)).toBe('jumped')
  expect(watch.isHeld).toBe(true)
  expect(watch.look(61 * DAY + 9 * MINUTE, 9 * MINUTE)).toBe('held')
  expect(watch.isHeld).toBe(true)
  expect(watch.look(61 * DAY + 11 * MINUTE, 11 * MINUTE)).toBe('believed')
  expect(watch.isHeld).toBe(false)
  expect(watch.look(61 * DAY + 12 * MINUTE, 12 * MINUTE)).toBe('steady')
})

test('a clock that was set right again is believed at once, and so is one that is set by seconds', () => {
  const watch = new ClockWatch()
  watch.look(DAY, 0)
  expect(watch.look(61 * DAY, SECOND)).toBe('jumped')
  expect(watch.look(DAY + 18 * SECOND, 18 * SECOND)).toBe('believed')
  expect(watch.isHeld).toBe(false)
  expect(watch.look(DAY + 50 * SECOND, 20 * SECOND)).toBe('steady')
  expect(watch.look(0, 30 * SECOND)).toBe('steady')
  expect(watch.isHeld).toBe(false)
})

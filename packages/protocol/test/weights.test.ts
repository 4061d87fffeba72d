import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DEFAULT_WEIGHTS, Weights } from '../src/index.ts'

const page = readFileSync(new URL('../../../docs/recall.md', import.meta.url), 'utf8')

test('the formula in docs/recall.md has the default weights', () => {
  const { vector, importance, recency, half_life_days, context, speaker, question } = DEFAULT_WEIGHTS
  const formula = page.match(/```\n(own[\s\S]*?)```/)?.[1] ?? ''
  for (const part of [
    `w = vector_weight, ${vector}\n`,
    `c = ${context}\n`,
    `d = speaker, ${speaker}\n`,
    `e = question, ${question}\n`,
    `a = ${importance}, b = ${recency}\n`,
    `(age / ${half_life_days} days)`,
  ])
    expect(formula).toContain(part)
  const lift = (1 + importance + recency) / (1 - importance)
  expect(page).toContain(`less than ${lift.toFixed(2)} times as relevant`)
})

test('each weight has a default, which its description says', () => {
  for (const [name, field] of Object.entries(Weights.shape)) {
    const value = DEFAULT_WEIGHTS[name as keyof typeof DEFAULT_WEIGHTS]
    expect(field.safeParse(value).success).toBe(true)
    expect(field.meta()?.description).toMatch(new RegExp(`Default ${value}\\.$`))
  }
  expect(Object.keys(DEFAULT_WEIGHTS)).toEqual(Object.keys(Weights.shape))
})

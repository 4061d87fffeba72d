import * as z from 'zod'

const Share = z.number().min(0).max(1)

/** The weights of the ranking, unless a request or its namespace sets others. Every recall is sent all of them. */
export const DEFAULT_WEIGHTS = {
  vector: 0.35,
  importance: 0.1,
  recency: 0.05,
  half_life_days: 30,
  context: 0.55,
  speaker: 0.5,
  question: 0.1,
} as const

const described = <S extends z.ZodType>(name: keyof typeof DEFAULT_WEIGHTS, schema: S, meaning: string) =>
  schema.optional().meta({ description: `${meaning} Default ${DEFAULT_WEIGHTS[name]}.` })

/** Weights of the ranking in recall. Omitted weights have the default of the namespace, or the general default. */
export const Weights = z
  .object({
    vector: described('vector', Share, 'Share of similarity by meaning; the rest is the match by words.'),
    importance: described('importance', Share, 'How much `importance` can raise or lower the score.'),
    recency: described('recency', Share, 'How much the score of a recent memory is raised.'),
    half_life_days: described(
      'half_life_days',
      z.number().positive().max(36_500),
      'Days after which recency counts half.',
    ),
    context: described('context', Share, 'How much of the scores of its neighbours in the session a memory receives.'),
    speaker: described(
      'speaker',
      Share,
      'How much the score of a memory is raised if it starts with a name and a colon and the query contains the name.',
    ),
    question: described('question', Share, 'How much the score of a memory that ends with a question mark is lowered.'),
  })
  .meta({ id: 'Weights' })
export type Weights = z.output<typeof Weights>

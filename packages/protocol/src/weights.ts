import * as z from 'zod'

const Share = z.number().min(0).max(1)

/** How recall weighs what it knows of a memory. What is left out is what the namespace says, or else the default. */
export const Weights = z
  .object({
    vector: Share.optional().meta({ description: 'Share of meaning; the rest is words. Default 0.35.' }),
    importance: Share.optional().meta({ description: 'How much importance can lift or lower. Default 0.1.' }),
    recency: Share.optional().meta({ description: 'How much a new memory is lifted. Default 0.05.' }),
    half_life_days: z
      .number()
      .positive()
      .max(36_500)
      .optional()
      .meta({ description: 'After how many days recency counts half. Default 30.' }),
    context: Share.optional().meta({
      description: 'How much a memory borrows from its neighbours in the session. Default 0.55.',
    }),
    speaker: Share.optional().meta({
      description:
        'How much a memory is lifted that begins with a name and a colon, when the query has the name. Default 0.5.',
    }),
    question: Share.optional().meta({
      description: 'How much a memory is lowered that ends with a question mark. Default 0.1.',
    }),
  })
  .meta({ id: 'Weights' })
export type Weights = z.output<typeof Weights>

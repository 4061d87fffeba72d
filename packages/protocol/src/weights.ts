import * as z from 'zod'

const Share = z.number().min(0).max(1)

/** Weights of the ranking in recall. Omitted weights have the default of the namespace, or the general default. */
export const Weights = z
  .object({
    vector: Share.optional().meta({
      description: 'Share of similarity by meaning; the rest is the match by words. Default 0.35.',
    }),
    importance: Share.optional().meta({
      description: 'How much `importance` can raise or lower the score. Default 0.1.',
    }),
    recency: Share.optional().meta({ description: 'How much the score of a recent memory is raised. Default 0.05.' }),
    half_life_days: z
      .number()
      .positive()
      .max(36_500)
      .optional()
      .meta({ description: 'Days after which recency counts half. Default 30.' }),
    context: Share.optional().meta({
      description: 'How much of the scores of its neighbours in the session a memory receives. Default 0.55.',
    }),
    speaker: Share.optional().meta({
      description:
        'How much the score of a memory is raised if it starts with a name and a colon and the query contains ' +
        'the name. Default 0.5.',
    }),
    question: Share.optional().meta({
      description: 'How much the score of a memory that ends with a question mark is lowered. Default 0.1.',
    }),
  })
  .meta({ id: 'Weights' })
export type Weights = z.output<typeof Weights>

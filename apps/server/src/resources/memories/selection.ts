import type { Filter, ForgetBatchRequest, ForgetRequest, ListMemoriesRequest, RecallRequest } from '@dakera-ai/protocol'
import type * as z from 'zod'
import { Fault } from '../../fault.ts'
import { compileFilter, type Jsonpath } from './jsonpath.ts'

/** Which memories: the JSON document that filter_condition() in migrations/0014_lexical.sql turns into SQL. */
export type Selection = {
  ids?: string[]
  tags?: string[]
  tags_any?: string[]
  tags_none?: string[]
  min_importance?: number
  max_importance?: number
  memory_type?: string
  author?: string
  exclude_author?: string
  session_id?: string
  since?: string
  until?: string
  metadata?: Jsonpath
}

type Named = {
  [name in 'min_importance' | 'max_importance']?: number | null | undefined
} & { [name in 'memory_type' | 'author' | 'exclude_author' | 'session_id']?: string | null | undefined } & {
  [name in 'tags' | 'tags_any' | 'tags_none' | 'ids']?: string[] | null | undefined
} & { [name in 'since' | 'until']?: Date | null | undefined } & { metadata?: Filter | null | undefined }

/** Leaves out what says nothing; empty lists count as absent, and a filter without a condition too. */
function select({ since, until, metadata, ...rest }: Named): Selection {
  const said = Object.entries(rest).filter(([, value]) => value != null && !(Array.isArray(value) && value.length === 0))
  return {
    ...Object.fromEntries(said),
    ...(since && { since: since.toISOString() }),
    ...(until && { until: until.toISOString() }),
    ...(metadata && !isEmpty(metadata) && { metadata: compileFilter(metadata) }),
  }
}

const isEmpty = (filter: Filter): boolean => filter.kind === 'all' && filter.filters.every(isEmpty)

type RecallFilter = Omit<z.output<typeof RecallRequest>, 'top_k' | 'tags'> & { tags?: string[] | null | undefined; tags_none?: string[] }

export const recallSelection = ({ filter, ...body }: RecallFilter): Selection => {
  const { min_importance, max_importance, memory_type, tags, tags_any, tags_none, author, exclude_author, session_id, since, until } = body
  return select({ min_importance, max_importance, memory_type, tags, tags_any, tags_none, author, exclude_author, session_id, since, until, metadata: filter })
}

type ListFilter = NonNullable<z.output<typeof ListMemoriesRequest>['filter']>

export const listSelection = (filter: ListFilter | null | undefined): Selection => {
  const { created_after: since, created_before: until, ...rest } = filter ?? {}
  return select({ ...pick(rest), since, until })
}
const pick = ({ tags, tags_any, min_importance, max_importance, memory_type, session_id, author, exclude_author, metadata }: ListFilter) => ({
  tags,
  tags_any,
  min_importance,
  max_importance,
  memory_type,
  session_id,
  author,
  exclude_author,
  metadata,
})

export const forgetSelection = ({ memory_ids: ids, tags, session_id, before_timestamp: until }: z.output<typeof ForgetRequest>): Selection =>
  select({ ids, tags, session_id, until })

/** `filters` is another spelling of `filter`; with both it would be a guess which one is meant. */
export function forgetBatchSelection({ filter, filters, memory_ids }: z.output<typeof ForgetBatchRequest>): Selection {
  if (filter && filters)
    throw new Fault(
      'INVALID_REQUEST',
      { issues: [{ path: 'filters', message: 'send filter or filters, not both' }] },
      { message: 'filters: send filter or filters, not both.' },
    )
  return { ...listSelection(filter ?? filters), ...select({ ids: memory_ids }) }
}

/** Refuses to forget everything by accident. */
export function requireCondition(selection: Selection, names: string): void {
  if (Object.keys(selection).length === 0)
    throw new Fault('INVALID_REQUEST', {}, { message: `Say which memories: ${names}. To remove all of them, delete the namespace.` })
}

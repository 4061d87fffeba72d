import {
  constantOf,
  type Filter,
  type ForgetBatchRequest,
  type ForgetRequest,
  type ListMemoriesRequest,
  type RecallRequest,
} from '@dakera-ai/protocol'
import type * as z from 'zod'
import { Fault } from '../../fault.ts'
import { compileFilter, type Jsonpath } from './jsonpath.ts'

/** A selection of memories: the JSON document that filter_condition() in db/functions/filters.sql turns into SQL. */
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

/** Leaves out absent fields. Empty lists and an empty metadata filter count as absent. */
function select({ since, until, metadata, ...rest }: Named, refuse = refuseTrue): Selection {
  const said = Object.entries(rest).filter(
    ([, value]) => value != null && !(Array.isArray(value) && value.length === 0),
  )
  if (metadata && !isEmpty(metadata) && constantOf(metadata) === true) throw refuse()
  return {
    ...Object.fromEntries(said),
    ...(since && { since: since.toISOString() }),
    ...(until && { until: until.toISOString() }),
    ...(metadata && !isEmpty(metadata) && { metadata: compileFilter(metadata) }),
  }
}

const isEmpty = (filter: Filter): boolean => filter.kind === 'all' && filter.filters.length === 0

/** Rejects a filter that matches everything, which is a mistake: an empty branch of $or, or a list without values. */
const refuseTrue = () =>
  invalid(
    'filter',
    'matches every memory: a branch of $or, a field or a list in it is empty. Name a condition, or leave the ' +
      'filter out',
  )

const invalid = (path: string, message: string) =>
  new Fault('INVALID_REQUEST', { issues: [{ path, message }] }, { message: `${path}: ${message}.` })

type RecallFilter = Omit<z.output<typeof RecallRequest>, 'top_k' | 'tags'> & {
  tags?: string[] | null | undefined
  tags_none?: string[]
}

export const recallSelection = ({ filter, ...body }: RecallFilter): Selection => {
  const {
    min_importance,
    max_importance,
    memory_type,
    tags,
    tags_any,
    tags_none,
    author,
    exclude_author,
    session_id,
    since,
    until,
  } = body
  return select({
    min_importance,
    max_importance,
    memory_type,
    tags,
    tags_any,
    tags_none,
    author,
    exclude_author,
    session_id,
    since,
    until,
    metadata: filter,
  })
}

type ListFilter = NonNullable<z.output<typeof ListMemoriesRequest>['filter']>

export const listSelection = (filter: ListFilter | null | undefined): Selection => chosen(filter ?? {})

/** Returns the bound of time. It has several names, and all that are given apply. */
function chosen(
  { created_after, created_before, since, until, before_timestamp, ...rest }: ListFilter,
  refuse?: () => Fault,
): Selection {
  const times = { since: latest([created_after, since]), until: earliest([created_before, until, before_timestamp]) }
  return select({ ...pick(rest), ...times }, refuse)
}
type Times = (Date | null | undefined)[]
const inOrder = (times: Times) => times.filter((time) => time != null).sort((a, b) => a.getTime() - b.getTime())
const latest = (times: Times) => inOrder(times).at(-1)
const earliest = (times: Times) => inOrder(times)[0]

const pick = ({
  tags,
  tags_any,
  min_importance,
  max_importance,
  memory_type,
  session_id,
  author,
  exclude_author,
  metadata,
}: ListFilter) => ({
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

const FORGET = 'memory_ids, tags, session_id, created_before or another condition'
const FORGET_BATCH = 'a filter with at least one condition, or memory_ids'

export function forgetSelection({ memory_ids: ids, ...filter }: z.output<typeof ForgetRequest>): Selection {
  return requireCondition({ ...chosen(filter, () => noCondition(FORGET)), ...select({ ids }) }, FORGET)
}

/** `filters` is another name of `filter`; with both, either could be meant. */
export function forgetBatchSelection({ filter, filters, memory_ids }: z.output<typeof ForgetBatchRequest>): Selection {
  if (filter && filters) throw invalid('filters', 'send filter or filters, not both')
  return requireCondition(
    { ...chosen(filter ?? filters ?? {}, () => noCondition(FORGET_BATCH)), ...select({ ids: memory_ids }) },
    FORGET_BATCH,
  )
}

/** Rejects a selection without a condition, which would forget everything by accident. */
function requireCondition(selection: Selection, names: string): Selection {
  if (Object.keys(selection).length === 0) throw noCondition(names)
  return selection
}
const noCondition = (names: string) =>
  new Fault(
    'INVALID_REQUEST',
    {},
    { message: `Choose memories by ${names}. To remove all of them, delete the namespace.` },
  )

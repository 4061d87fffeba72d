import { methods, modelNameOf, modelOf, type Type } from '../contract.ts'

const INITIALISMS = new Set(['api', 'http', 'id', 'ids', 'mmr', 'ttl', 'url'])
/** `memory_ids` → `MemoryIDs` */
export const pascal = (name: string) =>
  name
    .toLowerCase()
    .split('_')
    .map((word) => {
      if (word === 'ids') return 'IDs'
      return INITIALISMS.has(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)
    })
    .join('')

/** Models that the client expresses in another way: as arguments, as an error, or not at all. */
export const LEFT_OUT = new Set([
  'Error',
  'ForgetBatchRequest',
  'Issue',
  'NewMemory',
  'PatchImportanceRequest',
  'SetImportanceRequest',
  'StoreMemoriesRequest',
  'UpdateMemoryResponse',
  'UpsertNamespaceRequest',
])
/** Returns whether the model is a reply of which a method returns a part. */
export const isInternal = (name: string) =>
  methods.some(({ reply, result }) => result.kind !== 'whole' && modelNameOf(reply) === name && reply.kind === 'model')

/** One struct for two requests that differ only in fields that are arguments. */
const STANDS_FOR: Record<string, string> = {
  UpsertNamespaceRequest: 'CreateNamespaceRequest',
  StoreMemoriesRequest: 'StoreMemoryRequest',
}
export const standIn = (name: string) => STANDS_FOR[name] ?? name

/** Names that users had before the contract named its models. */
const NAMES: Record<string, string> = {
  CreateNamespaceRequest: 'NamespaceSettings',
  StoreMemoryResponse: 'StoredMemory',
}
export function nameOf(name: string): string {
  const model = standIn(name)
  return NAMES[model] ?? (isInternal(model) ? model.charAt(0).toLowerCase() + model.slice(1) : model)
}

/** `isSaid`: the type is in a request, where people write a number of the platform's size. */
export function typeOf(type: Type, isSaid: boolean): string {
  switch (type.kind) {
    case 'string':
    case 'words':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float64'
    case 'integer':
      return isSaid ? 'int' : 'int64'
    case 'constant':
      return typeof type.value === 'boolean' ? 'bool' : 'string'
    case 'instant':
      return 'Instant'
    case 'list':
      return `[]${typeOf(type.of, isSaid)}`
    case 'map':
      return `map[string]${typeOf(type.of, isSaid)}`
    case 'model':
      return nameOf(modelOf(type.name).name)
    default:
      return 'any'
  }
}

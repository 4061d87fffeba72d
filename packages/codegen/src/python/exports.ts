import { isByHand } from '../by-hand.ts'
import { methods, modelNameOf, models } from '../contract.ts'
import { unique } from '../text.ts'
import { importLine } from './layout.ts'

/** Public names that are written by hand, by their modules. */
const BY_HAND: Record<string, string[]> = {
  '._async.client': ['AsyncDakeraClient'],
  '._errors': [
    'ApiError',
    'AuthenticationError',
    'AuthorizationError',
    'ConflictError',
    'ConnectionError',
    'DakeraError',
    'NotFoundError',
    'RateLimitError',
    'ResponseError',
    'ServerError',
    'TimeoutError',
    'UsageError',
    'ValidationError',
  ],
  '._models': [
    'Access',
    'ErrorCode',
    'ForgetBatchResponse',
    'ForgetResponse',
    'FoundMemory',
    'Health',
    'Instant',
    'Language',
    'Liveness',
    'NewMemory',
    'Readiness',
    'SetImportanceResponse',
    'StoreMemoriesResponse',
    'StoredMemory',
    'UpdateMemoryResponse',
    'Weights',
  ],
  '._options': ['Keep', 'RequestEvent', 'RequestOptions', 'ResponseEvent'],
  '._pages': ['AsyncListing', 'FoundMemories', 'Listing', 'Page'],
  '._result': ['Result'],
  '._sync.client': ['DakeraClient'],
}

/** Returns the types that printed methods return. */
const returned = () =>
  methods
    .filter((operation) => !isByHand(operation))
    .map(({ result }) => modelNameOf(result.kind === 'page' ? result.of : result.type))
    .filter((name) => name !== undefined)

/** Returns the names of models that a module of methods may need. */
export const modelNames = () => [...models.map(({ name }) => name), 'Access', 'Instant', 'Language']

/** src/dakera/__init__.py */
export function init(): string {
  const names = { ...BY_HAND, '._models': unique([...(BY_HAND['._models'] ?? []), ...returned()]) }
  const lines = Object.entries(names).map(([module, own]) => importLine(module, own))
  const all = [...Object.values(names).flat(), '__version__'].sort(byCode)
  return `"""The Python client of Dakera, shared memory for teams of AI agents."""

${lines.join('')}from ._version import VERSION as __version__  # noqa: N811 - the name Python has for it

__all__ = [
${all.map((name) => `    "${name}",\n`).join('')}]

# A traceback names them as the documents do.
AsyncDakeraClient.__module__ = DakeraClient.__module__ = __name__
for _name in __all__:
    if _name.endswith("Error"):
        globals()[_name].__module__ = __name__
`
}

const byCode = (a: string, b: string) => (a < b ? -1 : 1)

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes src/models.rs from the contract's openapi.json, with the contract's own sentences, and the version of
 * package.json into Cargo.toml. `--check` writes nothing and fails when something would change.
 */
type Schema = {
  $ref?: string
  const?: unknown
  enum?: string[]
  anyOf?: Schema[]
  type?: string
  format?: string
  minimum?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  description?: string
  default?: unknown
}

const at = (path: string) => new URL(path, import.meta.url)
const read = (path: string) => readFileSync(at(path), 'utf8')
const schemas: Record<string, Schema> = JSON.parse(read('../../protocol/openapi.json')).components.schemas

/** Bodies that the client's own methods spell as arguments, and the error, which has its own file. */
const NOT_WRITTEN = new Set(['Error', 'NewMemory', 'PatchImportanceRequest', 'SetImportanceRequest', 'StoreMemoriesRequest'])
/** Replies that methods take apart; what they hold is handed on. */
const isInternal = (name: string) => /^(List\w+|SessionMemories|StartSession|EndSession)Response$/.test(name)
const isInput = (name: string) => name.endsWith('Request') || name === 'MemoryFilter' || name === 'Weights'

/** Fields that are arguments of the methods, or another spelling of a field that is there. */
const NOT_FIELDS = /^(\w+Request\.agent_id|(Recall|Search)Request\.namespaces|CreateNamespaceRequest\.name|ForgetBatchRequest\.filters)$/
/** Types that the schema cannot say. */
const TYPES: Record<string, string> = {
  'ForgetBatchRequest.filter': 'MemoryFilter', // the schema has it written out
  'UpdateMemoryRequest.expires_at': 'Option<Moment>', // here null says something else than absent
}
/** Fields beside the body. */
const MORE_FIELDS: Record<string, string> = {
  UpdateMemoryRequest:
    '/// Change it only if this is still its `version`; else the call ends in `CONFLICT`.\n#[serde(skip_serializing)]\npub if_version: Option<i64>,\n',
}
const NESTED: Record<string, string> = {
  'StoreMemoriesResponse.stored': 'StoredMemory',
  'KeyUsage.by_endpoint': 'EndpointUsage',
  'KeyUsage.by_namespace': 'NamespaceUsage',
  'Readiness.checks': 'HealthCheck',
  'Error.issues': 'Issue',
}
/** Closed lists of words that have a type; any other is a `String`. A word this client does not know is no error. */
const WORDS: Record<string, { values: string[]; doc: string }> = {
  Access: { values: ['read', 'write', 'read_write', 'none'], doc: '`Write` alone is append-only: it stores, and reads nothing back. `None` removes a grant.' },
  CheckStatus: { values: ['pass', 'fail'], doc: 'How one part of a server is.' },
  Routing: { values: ['auto', 'hybrid', 'vector', 'bm25'], doc: 'Which arms look: meaning (`Vector`), words (`Bm25`) or both.' },
  Scope: { values: ['read', 'write', 'admin', 'super_admin'], doc: 'What a key may do at most.' },
  SearchMode: { values: ['best', 'exact'], doc: '`Exact` returns only memories in which every word and quoted phrase stands.' },
}

const nested: Array<[string, Schema]> = []
const pascal = (words: string) => words.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
const isNull = ({ type }: Schema) => type === 'null'
const isNullable = ({ anyOf = [] }: Schema) => anyOf.some(isNull)

function typeOf(schema: Schema, place: string): string {
  const known = TYPES[place]
  if (known) return known
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.anyOf?.some(({ format }) => format === 'date')) return 'Moment'
  if (schema.anyOf) return typeOf(schema.anyOf.find((one) => !isNull(one)) ?? {}, place)
  if (schema.enum) return wordOf(schema.enum)
  if (schema.const !== undefined) return typeof schema.const === 'boolean' ? 'bool' : 'String'
  if (place.endsWith('.embedding')) return 'Vec<f32>'
  switch (schema.type) {
    case 'string':
      return 'String'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'f64'
    case 'integer':
      return (schema.minimum ?? -1) < 0 ? 'i64' : 'u64'
    case 'array':
      return `Vec<${typeOf(schema.items ?? {}, place)}>`
  }
  if (schema.properties) return nestedOf(schema, place)
  const values = schema.additionalProperties
  return typeof values === 'object' && Object.keys(values).length > 0 ? `BTreeMap<String, ${typeOf(values, place)}>` : 'Value'
}

/** The first list of words that has all of these: a reply may name fewer than a request. */
const wordOf = (values: string[]) =>
  Object.keys(WORDS).find((name) => values.every((value) => WORDS[name]?.values.includes(value) && !(name === 'Access' && values.length === 2))) ?? 'String'

function nestedOf(schema: Schema, place: string): string {
  const name = NESTED[place] ?? pascal(place.replace('.', '_'))
  nested.push([name, schema])
  return name
}

function comment({ description, anyOf, default: value }: Schema): string {
  const text = [description ?? anyOf?.find((inner) => inner.description)?.description, value !== undefined && `Default ${JSON.stringify(value)}.`]
  const said = text.filter(Boolean).join(' ')
  return said && `/// ${said.replace(/\{".*?"\}/g, '`$&`').replace(/(?<![`\w])\$\w+/g, '`$&`')}\n`
}

/** A field of a request that may be left out is left out when it is `None` or, for a list, empty. */
function field(owner: string, name: string, schema: Schema, required: string[]): string {
  const place = `${owner}.${name}`
  const type = typeOf(schema, place)
  const isRequired = required.includes(name) && !('default' in schema)
  const isList = type.startsWith('Vec<') && type !== 'Vec<f32>' && (!isInput(owner) || isNullable(schema) || 'default' in schema)
  const line = (attribute: string, rust: string) => `${comment(schema)}${attribute}pub ${name}: ${rust},\n`
  if (isRequired) return line('', isNullable(schema) ? `Option<${type}>` : type)
  if (isList) return line('#[serde(default, skip_serializing_if = "Vec::is_empty")]\n', type)
  const isPresent = type.startsWith('Option<') ? 'default, deserialize_with = "present", ' : ''
  const isNumber = isInput(owner) && /^(f64|Vec<f32>)$/.test(type) ? 'serialize_with = "finite", ' : ''
  return line(`#[serde(${isPresent}${isNumber}skip_serializing_if = "Option::is_none")]\n`, `Option<${type}>`)
}

function struct(name: string, schema: Schema): string {
  const fields = Object.entries(schema.properties ?? {})
    .filter(([field]) => !NOT_FIELDS.test(`${name}.${field}`))
    .map(([one, inner]) => field(name, one, inner, schema.required ?? []))
  const secrets = Object.entries(schema.properties ?? {}).flatMap(([field, { format }]) => (format === 'password' ? [field] : []))
  const unknown = '/// Fields that this version of the client does not know.\n#[serde(flatten)]\npub extra: Map<String, Value>,\n'
  return `${comment(schema) || `/// The contract's \`${name}\`.\n`}#[derive(Clone, ${secrets.length > 0 ? '' : 'Debug, '}Default, PartialEq, Deserialize, Serialize)]
${isInput(name) ? '' : '#[non_exhaustive]\n'}${isInternal(name) ? 'pub(crate)' : 'pub'} struct ${name} {\n${fields.join('')}${MORE_FIELDS[name] ?? ''}${isInput(name) ? '' : unknown}}
${secrets.length > 0 ? debug(name, schema, secrets) : ''}${isInput(name) || isInternal(name) ? '' : times(name, schema)}`
}

/** Moments of a reply as the times of Rust. */
function times(name: string, { properties = {} }: Schema): string {
  const moments = Object.entries(properties).filter(([field, schema]) => /(_at|_from|_used)$/.test(field) && typeOf(schema, field) === 'i64')
  const methods = moments.map(([field, schema]) => {
    const [type, body] = isNullable(schema) ? ['Option<SystemTime>', `self.${field}.map(time)`] : ['SystemTime', `time(self.${field})`]
    return `/// \`${field}\` as a time.\npub fn ${field}_time(&self) -> ${type} {\n${body}\n}\n`
  })
  return methods.length > 0 ? `\nimpl ${name} {\n${methods.join('\n')}}\n` : ''
}

/** A form for a log, which is no place for a new secret. */
function debug(name: string, { properties = {}, required = [] }: Schema, secrets: string[]): string {
  const shown = (field: string) => {
    if (!secrets.includes(field)) return `&self.${field}`
    return required.includes(field) ? '&format_args!("<secret>")' : `&self.${field}.as_ref().map(|_| format_args!("<secret>"))`
  }
  const fields = [...Object.keys(properties), ...(isInput(name) ? [] : ['extra'])]
  return `
/// Shows everything but the secret.
impl fmt::Debug for ${name} {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("${name}")
            ${fields.map((field) => `.field("${field}", ${shown(field)})`).join('\n            ')}
            .finish()
    }
}
`
}

const structs = Object.entries(schemas)
  .filter(([name]) => !NOT_WRITTEN.has(name))
  .map(([name, schema]) => struct(name, schema))
typeOf(schemas['Error']?.properties?.['issues'] ?? {}, 'Error.issues')
const inner = nested.filter(([name], i) => nested.findIndex(([other]) => other === name) === i).map(([name, schema]) => struct(name, schema))
const words = Object.entries(WORDS).map(
  ([name, { values, doc }]) => `words! {\n    /// ${doc}\n    ${name} { ${values.map((value) => `${pascal(value)} = "${value}"`).join(', ')} }\n}\n`,
)
const codes = (schemas['Error']?.properties?.['code']?.enum ?? []).map((code) => `pub const ${code}: &str = "${code}";\n`)

const unformatted = `// @generated from packages/protocol/openapi.json by scripts/generate.ts; do not edit.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::finite::finite;
use crate::moment::{Moment, time};
use crate::words::words;

/// Every code an error of the API can have. A code never changes its meaning; one that is new is no error of this
/// client.
pub mod codes {
${codes.join('')}}

${words.join('\n')}
/// Keeps apart what is null and what is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

${[...structs, ...inner].join('\n')}`

const models = execFileSync('rustfmt', ['--edition', '2024'], { input: unformatted, encoding: 'utf8' })
const manifest = read('../Cargo.toml').replace(/^version = ".*"$/m, `version = "${JSON.parse(read('../package.json')).version}"`)

for (const [path, text] of [
  ['../src/models.rs', models],
  ['../Cargo.toml', manifest],
] as const) {
  if (process.argv.includes('--check')) {
    if (read(path) === text) continue
    console.error(`${path.slice(3)} is not what scripts/generate.ts writes. Run: node scripts/generate.ts`)
    process.exitCode = 1
  } else writeFileSync(at(path), text)
}

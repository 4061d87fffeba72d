import { ERRORS } from '@dakera-ai/protocol'
import { type Field, type Model, methods, models } from '../contract.ts'
import { pascal, wrap } from '../text.ts'
import { secondNames, typeOf, words } from './names.ts'

/** Prints src/models.rs, before rustfmt formats it. */
export function rustModels(): string {
  const codes = Object.keys(ERRORS).map((code) => `pub const ${code}: &str = "${code}";\n`)
  const structs = models.filter(({ name }) => !NOT_WRITTEN.has(name)).map(struct)
  return `use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::finite::finite;
use crate::instant::{Instant, time};
use crate::open_enum::open_enum;

/// Every code an error of the API can have. A code never changes its meaning; a new code is not an error in
/// this client.
pub mod codes {
${codes.join('')}}

${words().map(wordList).join('\n')}
/// Distinguishes null from absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

${structs.join('\n')}`
}

/** Bodies whose fields are arguments of the client's methods, and the error, which has its own file. */
const NOT_WRITTEN = new Set([
  'Error',
  'NewMemory',
  'PatchImportanceRequest',
  'SetImportanceRequest',
  'StoreMemoriesRequest',
])
/** Returns whether the model is a reply of which methods return a part. */
const isInternal = (name: string) =>
  methods.some(({ reply, result }) => result.kind !== 'whole' && reply.kind === 'model' && reply.name === name)

/** Fields that are arguments of the methods, or another name of a field. */
const NOT_FIELDS = new Set([
  'CreateNamespaceRequest.name',
  'ForgetBatchRequest.filters',
  'RecallRequest.namespaces',
  'SearchRequest.namespaces',
])
const isField = (place: string) => !/Request\.agent_id$/.test(place) && !NOT_FIELDS.has(place)
/** Fields in addition to those of the body. */
const MORE_FIELDS: Record<string, string> = {
  UpdateMemoryRequest: `/// Changes the memory only if this is still its \`version\`; otherwise fails with \`CONFLICT\`.
#[serde(skip_serializing)]
pub if_version: Option<i64>,
`,
}
/** Fields in which null does not mean the same as absent. */
const NULL_IS_SAID = new Set(['UpdateMemoryRequest.expires_at'])

function wordList({ name, doc, words }: { name: string; doc: string; words: string[] }): string {
  return `open_enum! {
    /// ${doc}
    ${name} { ${words.map((word) => `${pascal(word)} = "${word}"`).join(', ')} }
}
`
}

export const comment = (text: string) => text && `${wrap(text, '/// ', 116)}\n`

export function fieldComment({ doc, default: value }: Field): string {
  const said = [doc, value !== undefined && `Default ${JSON.stringify(value)}.`].filter(Boolean).join(' ')
  return comment(said.replace(/\{".*?"\}/g, '`$&`').replace(/(?<![`\w])\$\w+/g, '`$&`'))
}

/** An optional field of a request is omitted if it is `None` or an empty list. */
function fieldLine({ name: owner, isInput }: Model, field: Field): string {
  const { name, isNullable, default: value } = field
  const place = `${owner}.${name}`
  const isPresent = NULL_IS_SAID.has(place)
  const bare = typeOf(field.type, place)
  const type = isPresent ? `Option<${bare}>` : bare
  const isRequired = field.isRequired && value === undefined
  const isList = type.startsWith('Vec<') && type !== 'Vec<f32>' && (!isInput || isNullable || value !== undefined)
  const line = (attribute: string, rust: string) => `${fieldComment(field)}${attribute}pub ${name}: ${rust},\n`
  if (isRequired) return line('', isNullable ? `Option<${type}>` : type)
  if (isList) return line('#[serde(default, skip_serializing_if = "Vec::is_empty")]\n', type)
  const read = isPresent ? 'default, deserialize_with = "present", ' : ''
  const write = isInput && /^(f64|Vec<f32>)$/.test(type) ? 'serialize_with = "finite", ' : ''
  return line(`#[serde(${read}${write}skip_serializing_if = "Option::is_none")]\n`, `Option<${type}>`)
}

const UNKNOWN = `/// Fields that this version of the client does not know.
#[serde(flatten)]
pub extra: Map<String, Value>,
`

function struct(model: Model): string {
  const { name, doc, fields, isInput } = model
  const lines = fields.filter((field) => isField(`${name}.${field.name}`)).map((field) => fieldLine(model, field))
  const hasSecrets = fields.some(({ isSecret }) => isSecret)
  const derived = `${hasSecrets ? '' : 'Debug, '}Default, PartialEq, Deserialize, Serialize`
  return `${comment(doc ?? `The contract's \`${name}\`.`)}#[derive(Clone, ${derived})]
${isInput ? '' : '#[non_exhaustive]\n'}${isInternal(name) ? 'pub(crate)' : 'pub'} struct ${name} {
${lines.join('')}${MORE_FIELDS[name] ?? ''}${isInput ? '' : UNKNOWN}}
${hasSecrets ? debug(model) : ''}${isInput || isInternal(name) ? '' : views(model)}`
}

/** Returns the methods that return times of a reply as a time of Rust, and fields by their second names. */
function views({ name, fields }: Model): string {
  const times = fields
    .filter(({ isTime }) => isTime)
    .map((field) => {
      const [type, body] = field.isNullable
        ? ['Option<SystemTime>', `self.${field.name}.map(time)`]
        : ['SystemTime', `time(self.${field.name})`]
      return `/// \`${field.name}\` as a time.\npub fn ${field.name}_time(&self) -> ${type} {\n${body}\n}\n`
    })
  const seconds = secondNames(fields).map(
    ([also, field]) => `/// The same as \`${field}\`.\npub fn ${also}(&self) -> &str {\n&self.${field}\n}\n`,
  )
  const all = [...times, ...seconds]
  return all.length > 0 ? `\nimpl ${name} {\n${all.join('\n')}}\n` : ''
}

/** Returns the Debug form, which is written to logs and must not contain a new secret. */
function debug({ name, fields, isInput }: Model): string {
  const shown = ({ name: field, isSecret, isRequired }: Field) => {
    if (!isSecret) return `&self.${field}`
    return isRequired ? '&format_args!("<secret>")' : `&self.${field}.as_ref().map(|_| format_args!("<secret>"))`
  }
  const lines = [
    ...fields.map((field) => `.field("${field.name}", ${shown(field)})`),
    ...(isInput ? [] : ['.field("extra", &self.extra)']),
  ]
  return `
/// Shows everything except the secret.
impl fmt::Debug for ${name} {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("${name}")
            ${lines.join('\n            ')}
            .finish()
    }
}
`
}

import { isByHand } from '../by-hand.ts'
import { methods, modelOf, type Operation } from '../contract.ts'
import { moduleOf, secondNames } from './names.ts'
import { flatName, isInFlat, optionName, optionsType, signatureOf } from './signatures.ts'

/** tests/suite/printed_calls.rs: how the conformance suite calls the printed methods. */
export function calls(): string {
  const printed = methods.filter((operation) => !isByHand(operation))
  const types = [...new Set(printed.flatMap((operation) => optionsType(operation) ?? []))].sort()
  return `//! How each printed operation of the contract is called in Rust.

use dakera_rs::{Client, ${[...types, 'Result', 'Value', 'json'].join(', ')}};

use crate::neutral::{Lister, fields, neutral, option, target, text};

/// Every operation for which clients have a method.
pub const OPERATIONS: [&str; ${methods.length}] = [${methods.map(({ id }) => `"${id}"`).join(', ')}];

/// Makes the call of a case and returns its result in the neutral form of conformance/README.md.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub async fn call(client: &Client, operation: &str, call: &Value, lister: &Lister) -> Result<Value> {
    match operation {
        ${printed.map(arm).join('')}_ => panic!("the client has no method for {operation}"),
    }
}
`
}

/** Returns the call by its flat name, if that takes all arguments. */
function arm(operation: Operation): string {
  const { id, resource } = operation
  const { name, parameters } = signatureOf(operation)
  const flat = flatName(operation)
  const method = flat !== undefined && parameters.every(isInFlat) ? flat : `${moduleOf(resource)}().${name}`
  return `"${id}" => ${collected(operation, `client.${method}(${given(operation).join(', ')})`)},\n`
}

function given(operation: Operation): string[] {
  const { arguments: args, isInNamespace, body, options } = operation
  const text = (name: string) => `text(call, "${name}")`
  const from = args.length > 0 ? '&call["options"]' : 'call'
  const fields = options.map((field) => `${optionName(field)}: option(${from}, "${optionName(field)}")`)
  return [
    ...(isInNamespace ? ['target(call)'] : args.map(({ word }) => text(word))),
    ...(body?.apart ?? []).map((field) => text(optionName(field))),
    ...(body && body.rest.length > 0 ? [`fields(call, "${body.word}")`] : []),
    ...(fields.length > 0 ? [`${optionsType(operation)} { ${fields.join(', ')} }`] : []),
  ]
}

function collected({ result }: Operation, call: string): string {
  if (result.kind !== 'page')
    return result.type.kind === 'list'
      ? `${call}.await.map(|items| json!({ "items": items }))`
      : `${call}.await.map(neutral)`
  const seconds = result.of.kind === 'model' ? secondNames(modelOf(result.of.name).fields) : []
  if (seconds.length === 0) return `lister.collect(${call}, neutral).await`
  const lines = seconds.map(([name]) => `found["${name}"] = json!(item.${name}());\n`)
  return `lister.collect(${call}, |item| {
    let mut found = neutral(&item);
    ${lines.join('')}found
}).await`
}

import { isMixed, printedOf } from '../by-hand.ts'
import {
  methods as allMethods,
  classOf,
  models,
  type Operation,
  ORDER,
  oneOf,
  type ResourceName,
  resourceDocs,
} from '../contract.ts'
import type { Files } from '../files.ts'
import { pascal, unique, wrap } from '../text.ts'
import { comment, fieldComment } from './models.ts'
import { moduleOf, typeOf, uses } from './names.ts'
import { flatName, hasOwnOptions, isInFlat, optionName, optionsType, signatureOf } from './signatures.ts'

/** Prints the calls of each resource, and those of the client itself, before rustfmt formats them. */
export function methods(): Files {
  const at = (file: string) => `packages/sdk-rust/src/${file}.rs`
  const printed = ORDER.filter((resource) => printedOf(resource).length > 0)
  return {
    ...Object.fromEntries(printed.map((resource) => [at(`resources/${fileOf(resource)}`), resourceFile(resource)])),
    [at('resources/mod')]: resourcesFile(printed),
    [at('flat')]: flatFile(),
  }
}

/** Returns the name of the file, which is beside the one written by hand, if there is one. */
const fileOf = (resource: ResourceName) => (isMixed(resource) ? `${moduleOf(resource)}_printed` : moduleOf(resource))

function resourcesFile(printed: ResourceName[]): string {
  const modules = unique([...ORDER.map(moduleOf), ...printed.map(fileOf)])
  const exported = ORDER.map(
    (resource) => `pub use ${moduleOf(resource)}::{${[classOf(resource), ...ownOptions(resource)].sort().join(', ')}};`,
  )
  return `//! One file for each resource, with its calls.

${modules
  .sort()
  .map((name) => `mod ${name};\n`)
  .join('')}
${exported.sort().join('\n')}
`
}

const ownOptions = (resource: ResourceName) =>
  printedOf(resource)
    .filter(hasOwnOptions)
    .map((operation) => optionsType(operation) ?? '')

function resourceFile(resource: ResourceName): string {
  const struct = classOf(resource)
  const printed = printedOf(resource)
  const code = `${printed.filter(hasOwnOptions).map(optionsStruct).join('\n')}
${isMixed(resource) ? '' : resourceStruct(resource)}
impl<M: Mode> ${struct}<'_, M> {
${printed.map(method).join('\n')}}
${targetOf(resource)}`
  const sibling = isMixed(resource) ? `use super::${struct};\n` : ''
  return `${uses(code).trimEnd()}\n${sibling}\n${code.trimStart()}`
}

/** Returns the code that lets an object with a namespace be the target of a call. */
function targetOf(resource: ResourceName): string {
  const one = oneOf(resource)
  const model = models.find(({ name }) => name === pascal(one))
  if (!model || !printedOf(resource).some(({ isInNamespace }) => isInNamespace)) return ''
  return `
impl From<&${model.name}> for Target {
    fn from(${one}: &${model.name}) -> Self {
        (&${one}.agent_id, &${one}.id).into()
    }
}
`
}

const resourceStruct = (resource: ResourceName) => `${comment(resourceDocs[resource])}#[derive(Clone, Copy, Debug)]
pub struct ${classOf(resource)}<'a, M>(pub(crate) &'a Caller<M>);
`

function optionsStruct(operation: Operation): string {
  const fields = operation.options.map((field) => {
    const doc = fieldComment(field) || `/// The \`${field.name}\` of the call.\n`
    return `${doc}pub ${optionName(field)}: Option<${typeOf(field.type, operation.id)}>,\n`
  })
  const name = optionsType(operation)
  const equal = fields.some((field) => /f64|f32|Value/.test(field)) ? 'PartialEq' : 'PartialEq, Eq'
  return `/// Options of [\`${classOf(operation.resource)}::${signatureOf(operation).name}\`].
#[derive(Clone, Debug, Default, ${equal})]
pub struct ${name} {
${fields.join('')}}
`
}

const declaration = (name: string, generics: string, parameters: string, returns: string, where = '') =>
  `pub fn ${name}${generics}(&self${parameters}) -> ${returns} ${where}{\n`

const listed = (parameters: { name: string; type: string }[]) =>
  parameters.map(({ name, type }) => `, ${name}: ${type}`).join('')

function method(operation: Operation): string {
  const { name, parameters, returns } = signatureOf(operation)
  const target = operation.isInNamespace ? `let Target { id, namespace } = ${parameters[0]?.name}.into();\n` : ''
  return `${wrap(docOf(operation), '    /// ')}
${declaration(name, '', listed(parameters), returns)}${target}let request = ${request(operation)};
${sent(operation)}
}
`
}

/** Returns the contract's summary, with the required key unless the resource names it for all its calls. */
function docOf({ summary, isAdmin, resource }: Operation): string {
  const isSaid = /admin's key/.test(resourceDocs[resource])
  return isAdmin && !isSaid ? `${summary} Needs an admin's key.` : summary
}

function request(operation: Operation): string {
  const { id, method, segments, arguments: args, isInNamespace, isPublic, body } = operation
  const path = segments.map((segment) => (typeof segment === 'string' ? segment : '{}')).join('/')
  const ids = isInNamespace ? '&id' : args.map(({ word }) => `${word}.as_ref()`).join(', ')
  const steps = [
    `Request::new("${id}", Method::${method}, "/${path}", &[${ids}])`,
    ...(isPublic ? ['.public()'] : []),
    ...(isInNamespace ? ['.query("agent_id", namespace)'] : []),
    ...queryOf(operation).map((field) => `.query("${field.name}", options.${optionName(field)})`),
    ...(body ? [`.json(&${bodyOf(body)})`] : []),
  ]
  return steps.join('\n')
}

/** Returns the query options, without the start of a page: each page adds its own. */
const queryOf = ({ options, result }: Operation) =>
  options.filter(({ name }) => !(result.kind === 'page' && (name === 'cursor' || name === 'offset')))

/** Returns the body, with the fields that are arguments of their own. */
function bodyOf({ apart, rest, word }: NonNullable<Operation['body']>): string {
  if (apart.length === 0 && rest.length > 0) return word
  const texts = apart.map((field) => `("${field.name}", ${optionName(field)}.as_ref())`)
  return `with([${texts.join(', ')}], ${rest.length > 0 ? word : '()'})`
}

function sent({ reply, result, options }: Operation): string {
  if (result.kind === 'whole') return 'self.0.send(request)'
  const whole = reply.kind === 'model' ? reply.name : ''
  if (result.kind === 'field') return `self.0.send_as(request, |reply: ${whole}| reply.${result.name})`
  const starts = (name: string) => options.some((option) => option.name === name)
  const place = starts('offset')
    ? 'Place::start(options.offset)'
    : `Place::Cursor(${starts('cursor') ? 'options.cursor' : 'None'})`
  return `self.0.pages(${place}, request, ${pageOf(result, whole)})`
}

function pageOf({ field, says }: Extract<Operation['result'], { kind: 'page' }>, reply: string): string {
  if (field === undefined) return 'Page::new'
  const facts = says.map((name) => (name === 'next_cursor' ? `${name}: reply.${name}` : `${name}: Some(reply.${name})`))
  return `|reply: ${reply}| Page { ${[...facts, `..Page::new(reply.${field})`].join(', ')} }`
}

function flatFile(): string {
  const code = `/// The resources, each with its calls.
impl<M: Mode> DakeraClient<M> {
${ORDER.map(accessor).join('\n')}}

/// The flat names of the product's samples: each calls its resource, and does nothing else.
impl<M: Mode> DakeraClient<M> {
${ORDER.flatMap(flatMethods).join('\n')}}
`
  const named = [...ORDER.map(classOf), ...ORDER.flatMap(ownOptions)].sort()
  return `${uses(code)}use crate::resources::{${named.join(', ')}};\n\n${code}`
}

const accessor = (resource: ResourceName) => `${comment(resourceDocs[resource])}\
pub fn ${moduleOf(resource)}(&self) -> ${classOf(resource)}<'_, M> {
${classOf(resource)}(&self.caller)
}
`

const flatMethods = (resource: ResourceName) =>
  allMethods.filter((operation) => operation.resource === resource).flatMap(flatMethod)

function flatMethod(operation: Operation): string[] {
  const flat = flatName(operation)
  if (flat === undefined) return []
  const { name, generics, parameters, returns, where } = signatureOf(operation)
  const passed = parameters.map((one) => (isInFlat(one) ? one.name : `${one.type}::default()`))
  const resource = `${moduleOf(operation.resource)}()`
  return [
    `/// The same as [\`${resource}.${name}\`](crate::${classOf(operation.resource)}::${name}).
${declaration(flat, generics, listed(parameters.filter(isInFlat)), returns, where)}\
self.${resource}.${name}(${passed.join(', ')})
}
`,
  ]
}

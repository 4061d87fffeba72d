import { isMixed, printedOf } from '../by-hand.ts'
import { ORDER } from '../contract.ts'
import { type Files, readRoot, versionOf } from '../files.ts'
import { snake } from '../text.ts'
import { agentTable } from './agents.ts'
import { calls } from './calls.ts'
import { init } from './exports.ts'
import { flatNames, type Sources } from './flat.ts'
import { moduleOf, resourceModule } from './methods.ts'
import { pythonModels } from './models.ts'
import { rules } from './rules.ts'
import { tables } from './tables.ts'
import { syncTwins } from './twins.ts'

const SDK = 'packages/sdk-python'
const ASYNC = `${SDK}/src/dakera/_async`

export function python(): Files {
  const printed = ORDER.filter((resource) => printedOf(resource).length > 0)
  const byHand = ORDER.filter((resource) => isMixed(resource) || printedOf(resource).length === 0)
  const resources = Object.fromEntries(
    printed.map((resource) => [`${ASYNC}/resources/${moduleOf(resource)}.py`, HEAD + resourceModule(resource)]),
  )
  const written = [
    '__init__',
    'client',
    'transport',
    'resources/__init__',
    ...byHand.map((one) => `resources/${snake(one)}`),
  ]
  const kept = Object.fromEntries(written.map((name) => [`${ASYNC}/${name}.py`, readRoot(`${ASYNC}/${name}.py`)]))
  const sources = Object.fromEntries(
    ORDER.map((resource) => [
      resource,
      [moduleOf(resource), snake(resource)].flatMap((name) => {
        const path = `${ASYNC}/resources/${name}.py`
        const text = resources[path] ?? kept[path]
        return text === undefined ? [] : [text]
      }),
    ]),
  ) as Sources
  const flat = { [`${ASYNC}/flat.py`]: HEAD + flatNames(sources) }
  const twins = syncTwins({ ...kept, ...resources, ...flat })
  return {
    ...resources,
    ...flat,
    ...Object.fromEntries(Object.entries(twins).map(([path, text]) => [path, twinHead(path) + text.replace(HEAD, '')])),
    [`${SDK}/src/dakera/_version.py`]: `# @generated from package.json by packages/codegen; do not edit.
VERSION = "${versionOf('sdk-python')}"
`,
    [`${SDK}/src/dakera/__init__.py`]: HEAD + init(),
    [`${SDK}/src/dakera/_models.py`]: HEAD + pythonModels(),
    [`${SDK}/src/dakera/_rules.py`]: HEAD + rules(),
    [`${SDK}/src/dakera/agents/_table.py`]: HEAD + agentTable(),
    [`${SDK}/tests/printed_calls.py`]: HEAD + calls(),
    ...tables(),
  }
}

const HEAD = '# @generated from packages/protocol by packages/codegen; do not edit.\n'
const twinHead = (path: string) =>
  `# @generated from _async/${path.split('/_sync/')[1]} by packages/codegen; do not edit.\n`

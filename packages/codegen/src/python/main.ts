import { type Files, versionOf } from '../files.ts'
import { pythonModels } from './models.ts'

export const python = (): Files => ({
  'packages/sdk-python/src/dakera/_version.py': `# @generated from package.json by packages/codegen; do not edit.
VERSION = "${versionOf('sdk-python')}"
`,
  'packages/sdk-python/src/dakera/_models.py': HEAD + pythonModels(),
})

const HEAD = '# @generated from packages/protocol by packages/codegen; do not edit.\n'

import { type Files, versionOf } from '../files.ts'
import { goCalls } from './calls.ts'
import { goMethods } from './methods.ts'
import { goModels, HEAD } from './models.ts'
import { goRules } from './rules.ts'
import { goTables } from './tables.ts'

export const go = (): Files => ({
  ...goModels(),
  ...goMethods(),
  ...goRules(),
  ...goCalls(),
  ...goTables(),
  'packages/sdk-go/version.go': `${HEAD}\nconst version = "${versionOf('sdk-go')}"\n`,
})

import { type Files, versionOf } from '../files.ts'
import { goModels, HEAD } from './models.ts'

export const go = (): Files => ({
  ...goModels(),
  'packages/sdk-go/version.go': `${HEAD}\nconst version = "${versionOf('sdk-go')}"\n`,
})

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Files, versionOf } from '../files.ts'
import { tsModels } from './models.ts'

export function ts(): Files {
  const at = (path: string) => `packages/sdk-ts/${path}`
  return formatted({
    [at('src/models.ts')]: HEAD + tsModels(),
    [at('src/version.ts')]: `// @generated from package.json by packages/codegen; do not edit.
export const VERSION = '${versionOf('sdk-ts')}'
`,
  })
}

const HEAD = '// @generated from packages/protocol by packages/codegen; do not edit.\n'

/** As biome writes them. */
function formatted(files: Files): Files {
  const root = join(import.meta.dirname, '../../../..')
  const biome = join(root, 'node_modules/.bin/biome')
  return Object.fromEntries(
    Object.entries(files).map(([path, input]) => {
      const { status, stdout, stderr } = spawnSync(biome, ['format', `--stdin-file-path=${path}`], {
        cwd: root,
        input,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`biome does not take ${path}: ${stderr}`)
      return [path, stdout]
    }),
  )
}

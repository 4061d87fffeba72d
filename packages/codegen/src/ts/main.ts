import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { printedOf } from '../by-hand.ts'
import { type ResourceName, resourceDocs } from '../contract.ts'
import { type Files, ROOT, readRoot, versionOf } from '../files.ts'
import { agentTable } from './agents.ts'
import { calls } from './calls.ts'
import { exports } from './exports.ts'
import { flatNames } from './flat.ts'
import { fileOf, resourceFile } from './methods.ts'
import { tsModels } from './models.ts'
import { rules } from './rules.ts'
import { tables } from './tables.ts'

export function ts(): Files {
  const printed = (Object.keys(resourceDocs) as ResourceName[]).filter((resource) => printedOf(resource).length > 0)
  const sources: Files = {
    'src/models.ts': tsModels(),
    'src/rules.ts': rules(),
    'src/flat.ts': flatNames(),
    'src/printed.ts': exports(),
    'src/agents/table.ts': agentTable(),
    'test/printed-calls.mjs': calls(),
    ...Object.fromEntries(printed.map((resource) => [`src/${fileOf(resource)}`, resourceFile(resource)])),
  }
  const headed = Object.entries(sources).map(([path, text]) => [`packages/sdk-ts/${path}`, HEAD + text])
  return {
    ...formatted(Object.fromEntries(headed)),
    ...versionFile('sdk-ts'),
    ...versionFile('mcp'),
    ...tables(),
  }
}

const versionFile = (name: string): Files => ({
  [`packages/${name}/src/version.ts`]: `// @generated from package.json by packages/codegen; do not edit.
export const VERSION = '${versionOf(name)}'
`,
})

const HEAD = '// @generated from packages/protocol by packages/codegen; do not edit.\n'

/** Formats files with biome, with the imports in its order. */
function formatted(files: Files): Files {
  const folder = mkdtempSync(join(tmpdir(), 'dakera-codegen-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const { formatter, javascript } = JSON.parse(readRoot('biome.json'))
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ formatter, javascript }))
    const biome = join(ROOT, 'node_modules/.bin/biome')
    const { status, stderr } = spawnSync(biome, ['check', '--write', '--linter-enabled=false', '.'], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`biome does not take what was printed: ${stderr}`)
    return Object.fromEntries(Object.keys(files).map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

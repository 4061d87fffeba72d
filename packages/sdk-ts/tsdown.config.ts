import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', agents: 'src/agents/index.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  tsconfig: 'tsconfig.build.json', // its declarations are written for every file that it includes
  target: 'es2022',
  platform: 'neutral',
  fixedExtension: false,
  hash: false,
})

import { defineConfig } from 'tsdown'

/**
 * What is part of the build; other dependencies are installed beside it. What each of these would lack when installed:
 * docs/decisions/0035.
 */
const BUNDLED = ['postgres', 'drizzle-orm', 'openai', '@electric-sql/pglite-pgvector', 'core-js']

/** The published server: JavaScript for Node 20, flat in dist/. Development runs src. */
export default defineConfig({
  entry: ['main', 'server', 'worker'].map((name) => `scripts/published/${name}.ts`),
  format: 'esm',
  platform: 'node',
  target: 'node20',
  fixedExtension: false,
  dts: false,
  deps: { onlyBundle: BUNDLED },
  copy: [
    { from: '../../docs/errors/*.md', to: 'dist/errors' },
    { from: 'node_modules/@electric-sql/pglite-pgvector/dist/vector.tar.gz', to: 'dist' },
    { from: 'node_modules/core-js/LICENSE', to: 'dist/licenses', rename: 'core-js.txt' },
  ],
})

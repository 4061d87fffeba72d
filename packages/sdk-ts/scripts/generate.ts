import { writeFileSync } from 'node:fs'
import { flatNames } from './flat.ts'

/** Writes src/flat.ts from the resources and the contract's cases. */
writeFileSync(new URL('../src/flat.ts', import.meta.url), flatNames())

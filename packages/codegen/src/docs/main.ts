import type { Files } from '../files.ts'
import { referencePage } from './reference.ts'

export const docs = (): Files => ({ 'docs/reference.md': referencePage() })

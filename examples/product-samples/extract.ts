import { curlSamples } from './extract/curl.ts'
import { goSamples } from './extract/go.ts'
import { pythonSamples } from './extract/python.ts'
import { rustSamples } from './extract/rust.ts'
import type { Sample } from './extract/sample.ts'
import { typescriptSamples } from './extract/typescript.ts'

/**
 * Returns the samples of a document that has lost its code fences and its indentation, in their order.
 * They are found by their structure alone, so that no text of the document is repeated here.
 */
export function extractSamples(document: string): Sample[] {
  const lines = document.split('\n')
  const readers = [curlSamples, typescriptSamples, pythonSamples, rustSamples, goSamples]
  return readers.flatMap((samples) => samples(lines)).sort((a, b) => a.line - b.line)
}

import { readFile } from 'node:fs/promises'
import { PACKAGE } from '../layout.ts'
import { nextTimeSlice } from '../time-slices.ts'
import type { Embedder } from './embedder.ts'
import { PART_LETTERS, WordPiece, words } from './word-piece.ts'

/**
 * Change this id whenever model.bin or the tokenisation changes: stored vectors are compared only if their ids are
 * equal.
 */
export const BUILTIN_MODEL = 'static-minilm-256-v1'
export const BUILTIN_MODEL_FILE = new URL('model/model.bin', PACKAGE)

let opening: Promise<Embedder> | undefined

/**
 * Opens the built-in model for English, which needs no network, key or native code. The file is read once per process.
 */
export function openBuiltin(): Promise<Embedder> {
  opening ??= readFile(BUILTIN_MODEL_FILE).then(builtinEmbedder, (error: NodeJS.ErrnoException) => {
    throw new Error(`The built-in embedder's model.bin cannot be read (${error.code}). Install the server again.`, {
      cause: error,
    })
  })
  opening.catch(() => {
    opening = undefined
  })
  return opening
}

/** Returns the embedder of a model file. A vector is the normalised sum of the rows of its tokens. */
export function builtinEmbedder(file: Buffer): Embedder {
  const table = readTable(file)
  return {
    model: BUILTIN_MODEL,
    dimension: table.dimension,
    isLocal: true,
    async embed(texts, { owner, signal }) {
      signal?.throwIfAborted()
      const vectors: (Float32Array | null)[] = []
      let letters = 0
      for (const text of texts) {
        const sum = new Float32Array(table.dimension)
        for (const found of words(text)) {
          for (const word of found) addWord(table, word, sum)
          letters += Math.min(text.length, PART_LETTERS)
          if (letters < PART_LETTERS) continue
          letters = 0
          await nextTimeSlice(owner)
          signal?.throwIfAborted()
        }
        vectors.push(unitOf(sum))
      }
      return vectors
    },
    check: async () => ({ ok: true }),
  }
}

type Table = { dimension: number; scales: Float32Array; rows: Int8Array; wordPiece: WordPiece }

/**
 * Little endian: "DKE1", u32 version, vocabulary, dimension, bytes of the vocabulary text; the text padded to 4; f32
 * scale per token; int8 rows.
 */
export function readTable(file: Buffer): Table {
  const damaged = (why: string) =>
    new Error(`The built-in embedder's model.bin is damaged (${why}). Install the server again.`)
  if (file.length < 20 || file.toString('latin1', 0, 4) !== 'DKE1') throw damaged('not an embedder file')
  const [version, vocabulary, dimension, textBytes] = [
    file.readUInt32LE(4),
    file.readUInt32LE(8),
    file.readUInt32LE(12),
    file.readUInt32LE(16),
  ]
  const start = 20 + Math.ceil(textBytes / 4) * 4
  const end = start + vocabulary * 4 + vocabulary * dimension
  if (version !== 1 || file.length !== end) throw damaged(`${file.length} bytes, expected ${end}`)
  const own = new Uint8Array(file.subarray(start, end)) // a copy, so that the floats are aligned
  return {
    dimension,
    scales: new Float32Array(own.buffer, 0, vocabulary),
    rows: new Int8Array(own.buffer, vocabulary * 4),
    wordPiece: new WordPiece(file.toString('utf8', 20, 20 + textBytes).split('\n')),
  }
}

function addWord({ dimension, scales, rows, wordPiece }: Table, word: string, sum: Float32Array): void {
  for (const id of wordPiece.pieces(word)) {
    const scale = scales[id] as number
    for (let i = 0, at = id * dimension; i < dimension; i++)
      sum[i] = (sum[i] as number) + scale * (rows[at + i] as number)
  }
}

/** Scales a sum to length 1 in place; null if it has no direction. */
function unitOf(sum: Float32Array): Float32Array | null {
  let square = 0
  for (let i = 0; i < sum.length; i++) square += (sum[i] as number) ** 2
  if (square === 0) return null
  const inverse = 1 / Math.sqrt(square)
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) * inverse
  return sum
}

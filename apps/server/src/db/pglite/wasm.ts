import { readFile } from 'node:fs/promises'

/** A compiled WebAssembly module. Node has them without the types, which belong to browsers. */
export type WasmModule = object

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> }

/** PGlite's Postgres, compiled once for every thread of this process that runs it. */
export async function compilePostgres(): Promise<WasmModule> {
  const file = new URL('./pglite.wasm', import.meta.resolve('@electric-sql/pglite'))
  return WebAssembly.compile(await readFile(file))
}

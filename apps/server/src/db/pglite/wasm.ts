import { readFile } from 'node:fs/promises'

/** A compiled WebAssembly module. Node has them without the types, which belong to browsers. */
export type WasmModule = object

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> }

let compiled: Promise<WasmModule> | undefined

/**
 * Returns PGlite's Postgres, compiled once for all threads of this process. V8 compiles each function at its first
 * call, and only once per module.
 */
export function compilePostgres(): Promise<WasmModule> {
  compiled ??= readFile(new URL('./pglite.wasm', import.meta.resolve('@electric-sql/pglite'))).then((bytes) =>
    WebAssembly.compile(bytes),
  )
  return compiled
}

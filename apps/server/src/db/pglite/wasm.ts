import { readFile } from 'node:fs/promises'

/** A compiled WebAssembly module. Node has them without the types, which belong to browsers. */
export type WasmModule = object

declare const WebAssembly: { compile(bytes: Uint8Array): Promise<WasmModule> }

let compiled: Promise<WasmModule> | undefined

/**
 * PGlite's Postgres, compiled once for every thread of this process that runs it, as V8 compiles each of its functions
 * when it is first called, and that once a module.
 */
export function compilePostgres(): Promise<WasmModule> {
  compiled ??= readFile(new URL('./pglite.wasm', import.meta.resolve('@electric-sql/pglite'))).then((bytes) =>
    WebAssembly.compile(bytes),
  )
  return compiled
}

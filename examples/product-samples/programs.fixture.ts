import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root, run } from '../demo-server.fixture.ts'
import { CARGO, pythonWithClient } from '../toolchains.fixture.ts'
import type { Sample } from './extract/sample.ts'

const here = import.meta.dirname

/** Runs samples in their order, each as a program of its own, and returns the lines that they print. */
export type Runner = (samples: Pick<Sample, 'line' | 'text'>[]) => Promise<string[]>

export const runTypeScript: Runner = (samples) =>
  // From standard input, as a module in this folder, which has the client: the sample is the whole program.
  printed(samples, ({ text }) =>
    run(process.execPath, ['--input-type=module-typescript'], {}, { cwd: here, input: text }),
  )

export const runPython: Runner = async (samples) => {
  const python = await pythonWithClient(here)
  return printed(samples, ({ text }) => run(python, ['-'], {}, { input: text }))
}

export const runRust: Runner = (samples) =>
  inTemporaryFolder(async (cwd) => {
    const client = join(root, 'packages/sdk-rust')
    await writeFile(join(cwd, 'Cargo.toml'), cargoToml(client))
    // The versions with which the client was compiled.
    if (existsSync(join(client, 'Cargo.lock'))) await copyFile(join(client, 'Cargo.lock'), join(cwd, 'Cargo.lock'))
    await mkdir(join(cwd, 'src/bin'), { recursive: true })
    for (const { line, text } of samples) await writeFile(join(cwd, `src/bin/line-${line}.rs`), rustProgram(text))
    return printed(samples, ({ line }) => run('cargo', ['run', '--quiet', '--bin', `line-${line}`], CARGO, { cwd }))
  })

export const runGo: Runner = (samples) =>
  inTemporaryFolder(async (cwd) => {
    await writeFile(join(cwd, 'go.mod'), goMod(join(root, 'packages/sdk-go')))
    for (const { line, text } of samples) {
      await mkdir(join(cwd, `line-${line}`))
      await writeFile(join(cwd, `line-${line}/main.go`), goProgram(text))
    }
    return printed(samples, ({ line }) =>
      run('go', ['run', `./line-${line}`], { GOFLAGS: '-mod=mod', GOPROXY: 'off' }, { cwd }),
    )
  })

async function printed<S extends { line: number }>(
  samples: S[],
  start: (sample: S) => ReturnType<typeof run>,
): Promise<string[]> {
  const lines: string[] = []
  for (const sample of samples) {
    const { code, stdout, stderr } = await start(sample)
    expect(code, `line ${sample.line}: ${stderr}`).toBe(0)
    lines.push(...stdout.split('\n').filter((line) => line !== ''))
  }
  return lines
}

// With the features and the profile of the client's own tests, whose results are used here.
const cargoToml = (client: string) => `[package]
name = "product-samples"
version = "0.0.0"
edition = "2024"

[dependencies]
dakera-rs = { path = ${JSON.stringify(client)}, features = ["blocking"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[profile.dev]
debug = 0
`

const rustProgram = (text: string) => `#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
${text}
Ok(())
}
`

const GO_CLIENT = 'github.com/dakera-ai/dakera/packages/sdk-go'

const goMod = (client: string) => `module samples

go 1.23

require ${GO_CLIENT} v0.0.0

replace ${GO_CLIENT} => ${JSON.stringify(client)}
`

const goProgram = (text: string) => `package main

import (
"context"
"fmt"

dakera "${GO_CLIENT}"
)

func main() {
${text}
}
`

/**
 * The forms contain names, which are defined here, and `, ...` for optional arguments. Each call prints its result as a
 * line of JSON.
 */
export const pythonCalls = (forms: string[], url: string) => `import json
from dakera import DakeraClient
admin, researcher = (DakeraClient(base_url="${url}", api_key=f"dk-{name}-key") for name in ("admin", "researcher"))
content, query = ${CONTENT_AND_QUERY}
memory_id = researcher.store_memory("researcher", "To be forgotten.").id
${forms.map((form) => `print(json.dumps(${call(form)}))`).join('\n')}
`

export const typescriptCalls = (forms: string[], url: string) => `import { DakeraClient } from '@dakera-ai/dakera'
const client = (name) => new DakeraClient({ baseUrl: '${url}', apiKey: \`dk-\${name}-key\` })
const [admin, researcher] = ['admin', 'researcher'].map(client)
const [content, query] = [${CONTENT_AND_QUERY}]
const memoryId = (await researcher.storeMemory('researcher', { content: 'To be forgotten.' })).id
${forms.map((form) => `console.log(JSON.stringify(await ${call(form)}))`).join('\n')}
`

const CONTENT_AND_QUERY = '"A snapshot of the cache takes 9 ms.", "snapshot of the cache"'

/** Returns a call, by the admin if it names no namespace. */
const call = (form: string) => `${form.includes('"') ? 'researcher' : 'admin'}.${form.replace(', ...', '')}`

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dakera-samples-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Run } from '../../../scripts/checks.ts'

const KEY = 'dk-consumer-key'
const PROGRAM = `use dakera_rs::{Client, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let stored = Client::from_env()?.store_memory("team-shared", "It works.").await?;
    println!("{}", stored.id);
    Ok(())
}
`
const BLOCKING = `fn main() -> dakera_rs::Result<()> {
    let client = dakera_rs::blocking::Client::from_env()?;
    println!("{}", client.store_memory("team-shared", "It works.")?.id);
    Ok(())
}
`

/**
 * Packs the crate, and uses what was packed in programs of their own that call a local server: two of ours, and the
 * first ones of the documents.
 */
export async function checkArtefact(run: Run, home: string): Promise<void> {
  const consumer = await install(run, home)
  writeProgram(consumer, 'consumer', PROGRAM)
  writeProgram(consumer, 'consumer-blocking', BLOCKING)

  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    const found = {
      memories: [{ memory: MEMORY, score: 0.92, weighted_score: 0.92, smart_score: 0.92 }],
      total_found: 1,
      query_time_ms: 1,
    }
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ memory: MEMORY, embedding_time_ms: 1, ...found }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { DAKERA_URL: url, DAKERA_API_KEY: KEY }
  const documents = { readme: join(home, 'README.md'), page: join(home, '../../docs/sdks/rust.md') }
  for (const [name, path] of Object.entries(documents))
    writeProgram(consumer, name, firstProgram(path).replace('http://localhost:3300', url))
  try {
    await run(['cargo', 'build', '--offline'], { cwd: consumer })
    for (const name of ['consumer', 'consumer-blocking']) {
      const said = await run([join(home, 'target/debug', name)], { env })
      if (said.trim() !== MEMORY.id) throw new Error(`${name} printed:\n${said}`)
    }
    const calls = seen.splice(0)
    const wrong = calls.filter(
      ({ url, headers }) => url !== '/v1/memory/store' || headers.authorization !== `Bearer ${KEY}`,
    )
    if (calls.length !== 2 || wrong.length > 0)
      throw new Error(`The server saw ${calls.map(({ url }) => url).join(' ')}`)
    for (const name of Object.keys(documents)) {
      const said = await run([join(home, 'target/debug', name)])
      if (said.trim() !== `0.92 ${MEMORY.content}`)
        throw new Error(`The first program of the ${name} printed:\n${said}`)
    }
  } finally {
    server.close()
  }
}

/** As a reader pastes it. */
const firstProgram = (path: string) => /```rust\n(.*?)```/s.exec(readFileSync(path, 'utf8'))?.[1] ?? ''

/**
 * A clean package that depends on the packed crate and has the versions that the tests have, so that nothing is built
 * twice.
 */
async function install(run: Run, home: string): Promise<string> {
  const consumer = join(home, 'target/consumer')
  const manifest = readFileSync(join(home, 'Cargo.toml'), 'utf8')
  const name = `dakera-rs-${/^version = "(.*)"$/m.exec(manifest)?.[1]}`
  rmSync(consumer, { recursive: true, force: true })
  mkdirSync(join(consumer, 'src/bin'), { recursive: true })
  await run(['cargo', 'package', '--allow-dirty', '--no-verify', '--offline'])
  await run(['tar', '-xzf', join(home, 'target/package', `${name}.crate`), '-C', consumer])
  const packed = readdirSync(join(consumer, name)).sort().join(' ')
  if (packed !== '.cargo_vcs_info.json Cargo.lock Cargo.toml Cargo.toml.orig LICENSE README.md src')
    throw new Error(`The crate holds ${packed}`)
  cpSync(join(home, 'Cargo.lock'), join(consumer, 'Cargo.lock'))
  writeFileSync(
    join(consumer, 'Cargo.toml'),
    `[package]
name = "consumer"
version = "0.0.0"
edition = "2024"

[dependencies]
dakera-rs = { path = "${name}", features = ["blocking"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[profile.dev]
debug = 0

[workspace]
`,
  )
  return consumer
}

const writeProgram = (consumer: string, name: string, text: string) =>
  writeFileSync(join(consumer, 'src/bin', `${name}.rs`), text)

const MEMORY = {
  id: 'mem_1',
  agent_id: 'team-shared',
  namespace: 'team-shared',
  content: 'It works.',
  memory_type: 'episodic',
  importance: 0.5,
  tags: [],
  metadata: {},
  session_id: null,
  author: 'consumer',
  derived_from: [],
  valid_from: null,
  created_at: 1767225600,
  updated_at: 1767225600,
  last_accessed_at: null,
  access_count: 0,
  expires_at: null,
  version: 1,
}

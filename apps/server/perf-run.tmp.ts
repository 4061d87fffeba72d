import postgres from 'postgres'
import { chooseEmbedder } from '/work/main/apps/server/src/embedding/choose.ts'
import { hashSecret } from '/work/main/apps/server/src/principal.ts'
import { toHalfvec } from '/work/main/apps/server/src/db/halfvec.ts'
import { readFileSync } from 'node:fs'
const sql = postgres('postgres://postgres@127.0.0.1:55432/perf', { max: 1, onnotice() {}, connection: { role: 'dakera_app' } })
const embedder = await chooseEmbedder({ provider: 'builtin' })
const text = readFileSync('/work/shared/eval/locomo-dev.json', 'utf8')
const qs = [...text.matchAll(/"question": ?"([^"]{20,120})"/g)].map((m) => m[1]!).filter((_, i) => i % 7 === 0).slice(0, 60)
const vs = (await embedder.embed(qs)).map((v) => (v ? toHalfvec(v) : null))
const h = hashSecret('dk-admin-key')
const fn = process.argv[2] ?? 'recall'
const filter = process.argv[3] ?? '{}'
const st = (a: number[]) => { a.sort((x, y) => x - y); return [0.5, 0.95, 0.99].map((q) => a[Math.floor(q * (a.length - 1))]!.toFixed(2)).join(' / ') }
for (const ns of ['n1k', 'n10k', 'n100k']) {
  for (const [label, v, o] of [['both', true, '{}'], ['words', true, '{"vector_weight":0}'], ['vector', true, '{"vector_weight":1}']] as const) {
    const ms: number[] = []
    for (let r = 0; r < 3; r++) for (let i = 0; i < qs.length; i++) {
      const t = performance.now()
      await sql`select id, content, score from ${sql(fn)}(${h}, ${ns}, ${qs[i]!}, ${v ? vs[i]! : null}::text::halfvec, 5, ${filter}::text::jsonb, ${o}::text::jsonb)`
      if (r > 0) ms.push(performance.now() - t)
    }
    console.log(ns.padEnd(6), label.padEnd(7), st(ms))
  }
}
const ms: number[] = []; for (let i = 0; i < 200; i++) { const t = performance.now(); await sql`select 1`; ms.push(performance.now() - t) } console.log('select 1', st(ms))
await sql.end()

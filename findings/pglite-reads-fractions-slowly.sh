#!/usr/bin/env bash
# @electric-sql/pglite 0.5.16 on Node 24.21.0, 2026-11-28.
# Reading a fraction takes Postgres compiled to WebAssembly several times as long as reading a whole number: a text of
# 256 numbers below one, as embedding models give them, cast to real[] (or to pgvector's types) costs some 0.3 to
# 0.5 ms, and the same vector times 60,000, rounded to whole numbers, a fifth of that. An insert of one such row is
# mostly this.
# Expected: about the same, as in native builds of Postgres, where both take some microseconds.
# Whoever compares by angle alone (cosine) can store the scaled vector instead.
# Output seen:
#   256 fractions:     0.55 ms
#   256 whole numbers: 0.10 ms
# Exits 0 while fractions take more than twice as long (medians of 300, in turns), 1 when that has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --loglevel=error --no-audit --no-fund node@24.21.0 @electric-sql/pglite@0.5.16 >/dev/null
cat >look.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite'

const db = await PGlite.create()
const numbers = Array.from({ length: 256 }, (_, i) => Math.sin(i + 1) / 16)
const texts = {
  fractions: `{${numbers.map((number) => number.toFixed(6)).join()}}`,
  'whole numbers': `{${numbers.map((number) => Math.round(number * 60_000)).join()}}`,
}
const times = { fractions: [], 'whole numbers': [] }
for (let round = 0; round < 330; round++) {
  for (const [name, text] of Object.entries(texts)) {
    const began = performance.now()
    await db.query('select cardinality($1::text::real[])', [text])
    if (round >= 30) times[name].push(performance.now() - began)
  }
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
const none = []
for (let round = 0; round < 300; round++) {
  const began = performance.now()
  await db.query('select length($1::text)', [texts.fractions])
  none.push(performance.now() - began)
}
const [fractions, whole] = [median(times.fractions) - median(none), median(times['whole numbers']) - median(none)]
console.log(`256 fractions:     ${fractions.toFixed(2)} ms`)
console.log(`256 whole numbers: ${whole.toFixed(2)} ms`)
process.exit(fractions > 2 * Math.max(whole, 0.005) ? 0 : 1)
JS
./node_modules/.bin/node look.mjs

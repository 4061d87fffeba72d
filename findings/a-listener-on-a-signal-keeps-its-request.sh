#!/usr/bin/env bash
# Node 24.21.0 (its own fetch, undici 7), 2026-11-28.
# A Request made with a signal registers that signal, strongly, until the Request itself is collected. A listener on
# that signal whose closure reaches the Request therefore keeps both for ever, although nobody else refers to either:
# a server that listens for hang-ups and forgets to stop listening keeps each request and whatever hangs on it.
# Expected: objects that only refer to each other are collected, as they are when the listener is removed.
# Output seen:
#   listener left on:   300 of 300 requests are still there after garbage collection
#   listener taken off: 1 of 300 requests are still there after garbage collection
# Exits 0 while this is so (most are kept, and nearly none without the listener), 1 when it has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null
cat >look.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises'

const COUNT = 300
async function kept(removes) {
  const seen = []
  for (let i = 0; i < COUNT; i++) {
    const { signal } = new AbortController()
    const request = new Request('http://127.0.0.1/', { signal })
    const listener = () => request.url
    signal.addEventListener('abort', listener)
    if (removes) signal.removeEventListener('abort', listener)
    seen.push(new WeakRef(request))
  }
  for (let i = 0; i < 5; i++) {
    await sleep(50)
    globalThis.gc()
  }
  return seen.filter((one) => one.deref()).length
}
const [left, taken] = [await kept(false), await kept(true)]
console.log(`listener left on:   ${left} of ${COUNT} requests are still there after garbage collection`)
console.log(`listener taken off: ${taken} of ${COUNT} requests are still there after garbage collection`)
process.exit(left > COUNT / 2 && taken < COUNT / 10 ? 0 : 1)
JS
./node_modules/.bin/node --expose-gc look.mjs

#!/usr/bin/env bash
# drizzle-orm 0.45.4 with postgres 3.4.9, Node 20 and 24, 2026-11-28.
# drizzle({ client }) replaces parsers and serializers in the options of the postgres.js client that it receives. A
# program that uses the same client beside drizzle gets other values from then on: a timestamptz is a Date before and
# text after, and a Date or an object passed as a parameter is no longer written for its column.
# Expected: a wrapper leaves its client as it was, or says that the client belongs to it from now on.
# Output seen:
#   before: timestamptz is a Date, a jsonb parameter {"a":1} is sent as {"a":1}
#   after:  timestamptz is a string, a jsonb parameter {"a":1} is sent as [object Object]
# Exits 0 while this is so, 1 when it has changed. Needs npm and no database.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund drizzle-orm@0.45.4 postgres@3.4.9 >/dev/null
cat >look.mjs <<'JS'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

const TIMESTAMPTZ = 1184
const JSONB = 3802
const client = postgres({ host: '127.0.0.1', max: 1 })
const look = () => {
  const { parsers, serializers } = client.options
  const moment = parsers[TIMESTAMPTZ]('2026-11-28 12:00:00+00')
  return {
    moment: moment instanceof Date ? 'Date' : typeof moment,
    json: String(serializers[JSONB]({ a: 1 })),
  }
}
const before = look()
drizzle({ client })
const after = look()
console.log(`before: timestamptz is a ${before.moment}, a jsonb parameter {"a":1} is sent as ${before.json}`)
console.log(`after:  timestamptz is a ${after.moment}, a jsonb parameter {"a":1} is sent as ${after.json}`)
const wasRight = before.moment === 'Date' && before.json === '{"a":1}'
const asSeen = wasRight && after.moment === 'string' && after.json === '[object Object]'
process.exit(asSeen ? 0 : 1)
JS
node look.mjs

// Two agents, each with its own key: private notes stay private, finished work is shared.
//
//   npm start -- --demo                        in one terminal
//   node examples/shared-memory/main.ts        in another
import { AuthorizationError, DakeraClient } from '@dakera-ai/dakera'

const baseUrl = process.env['DAKERA_URL'] || 'http://localhost:3300'
const admin = new DakeraClient({ baseUrl, apiKey: 'dk-admin-key' })
const researcher = new DakeraClient({ baseUrl, apiKey: 'dk-researcher-key' })
const writer = new DakeraClient({ baseUrl, apiKey: 'dk-writer-key' })
const SHARED = 'team-shared'

// Once per team. An existing namespace stays unchanged, so this can run again.
for (const name of [SHARED, 'researcher', 'writer', 'coordinator']) await admin.createNamespace(name)
const namespaces = await admin.listNamespaces()
console.log(`Namespaces: ${namespaces.map(({ name }) => name).join(', ')}`)

// The researcher thinks in private ...
await researcher.storeMemory('researcher', {
  content: 'The vendor says 40 ms per cold start. Only one region was measured; ask for the others.',
  importance: 0.3,
  tags: ['internal-note', 'needs-verification'],
})

// ... and publishes what it has checked, saying where it comes from.
await researcher.storeMemory(SHARED, {
  content: 'Cold starts take 65 ms at the median, measured in four regions over a week.',
  importance: 0.85,
  tags: ['finding', 'verified', 'cold-start'],
  memoryType: 'semantic',
  metadata: { source: 'researcher', regions: 4 },
})
await researcher.storeMemory(SHARED, {
  content: 'A warm instance answers in 3 ms, and stays warm for ten minutes without traffic.',
  importance: 0.8,
  tags: ['finding', 'verified', 'warm-start'],
  memoryType: 'semantic',
  metadata: { source: 'researcher', regions: 4 },
})

// The writer asks the team.
const findings = await writer.recall(SHARED, 'how long does a start take, cold or warm?', {
  topK: 6,
  filter: { source: 'researcher' },
})
console.log(`The writer finds ${findings.length} findings:`)
for (const { content, importance } of findings) console.log(`  [${importance.toFixed(2)}] ${content}`)

await writer.storeMemory('writer', {
  content: 'Opening line: nobody waits for a cold start any more. True at 65 ms?',
  importance: 0.25,
  tags: ['draft'],
})
await writer.storeMemory(SHARED, {
  content: 'Article finished: what a cold start costs in four regions, 900 words.',
  importance: 0.9,
  tags: ['output', 'article', 'status:complete'],
  memoryType: 'semantic',
  metadata: { source: 'writer' },
})

// search looks for the words themselves.
const articles = await researcher.searchMemories(SHARED, 'article finished', { topK: 10, mode: 'exact' })
console.log(`The researcher sees: ${articles[0]?.content}`)

// The database rejects a read without a grant, whatever the program asks for.
try {
  await writer.recall('researcher', 'cold start')
  throw new Error('The writer read private notes. That must not be possible.')
} catch (error) {
  if (!(error instanceof AuthorizationError)) throw error
  console.log(`The writer asks for the researcher's notes: ${error.status} ${error.code}`)
}

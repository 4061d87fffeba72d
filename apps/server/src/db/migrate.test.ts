import { expect, test } from 'vitest'
import { readLanded, readMigrations } from './migrate.ts'

const LANDED = 'src/db/migrations/landed.sha256'

// A database refuses a migration whose text is not the one it applied, so an edit would lock out everybody who has
// data.
test('a migration that has landed is never edited; what replaces it takes a new number', () => {
  const landed = readLanded()
  const migrations = readMigrations()
  expect(
    migrations
      .filter(({ name, checksum }) => landed.has(name) && landed.get(name) !== checksum)
      .map(({ name }) => name),
  ).toEqual([])
  expect(
    migrations.filter(({ name }) => !landed.has(name)).map(({ name }) => name),
    `New ones are added when they are final, in their folder: sha256sum <file> >> ${LANDED}`,
  ).toEqual([])
  // A number that was used once is taken, even if its file is gone.
  expect(migrations.map(({ name }) => name.slice(0, 4))).toEqual([
    ...new Set(migrations.map(({ name }) => name.slice(0, 4))),
  ])
  for (const { name } of migrations)
    expect([...landed.keys()].filter((other) => other.slice(0, 4) === name.slice(0, 4))).toEqual([name])
})

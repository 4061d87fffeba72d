import { expect, test } from 'vitest'
import { failure, start } from '../../../test/harness.ts'

test('a key of one namespace is issued, opens that one alone, and is listed there without its secret', async () => {
  await using t = await start()
  const host = await t.admin.createNamespaceKey('door', { name: 'host', expiresInDays: 30 })
  const guest = await t.admin.createNamespaceKey('door', { name: 'guest', scope: 'read' })
  expect(host).toMatchObject({
    name: 'host',
    namespace: 'door',
    access: 'read_write',
    active: true,
    warning: expect.stringContaining('secret'),
  })
  expect(host.expires_at).toBeGreaterThan(Date.now() / 1000 + 29 * 86_400)
  expect(guest).toMatchObject({ access: 'read', expires_at: null })
  await t.client(host.key).storeMemory('door', { content: 'Come in.' })
  expect((await t.client(guest.key).recall('door', 'come in')).map(({ author }) => author)).toEqual(['host'])
  expect((await failure(t.client(guest.key).storeMemory('door', { content: 'Mine.' }))).code).toBe('INSUFFICIENT_SCOPE')
  expect((await failure(t.client(host.key).recall('house', 'x'))).code).toBe('NAMESPACE_ACCESS_DENIED')
  await t.admin.createKey({ name: 'elsewhere', grants: { house: 'read' } })
  const listed = await t.admin.listNamespaceKeys('door')
  expect([listed.total, ...listed.map(({ name }) => name)]).toEqual([2, 'host', 'guest'])
  expect(JSON.stringify(listed)).not.toContain(host.key)
  expect((await t.admin.getKey(host.key_id)).grants).toEqual({ door: 'read_write' })
  expect(await t.admin.listNamespaceKeys('nobody-has-this')).toEqual([])
})

test('an admin is not made this way', async () => {
  await using t = await start()
  for (const scope of ['admin', 'super_admin'])
    expect((await failure(t.admin.createNamespaceKey('door', { name: 'x', scope } as never))).code).toBe(
      'INVALID_REQUEST',
    )
})

test('a key whose only grant is here is deleted; one with others, or an admin, only loses this grant', async () => {
  await using t = await start()
  const only = await t.admin.createKey({ name: 'only', grants: { door: 'read_write' } })
  const more = await t.admin.createKey({ name: 'more', grants: { door: 'read_write', house: 'read' } })
  const admin = await t.admin.createKey({ name: 'second admin', scope: 'admin' })
  await t.admin.updateKey(admin.key_id, { grants: { door: 'read' } })
  for (const { key_id } of [only, more, admin])
    expect(await t.admin.deleteNamespaceKey('door', key_id)).toMatchObject({ success: true })
  expect((await failure(t.client(only.key).whoami())).code).toBe('INVALID_API_KEY')
  expect((await t.client(more.key).whoami()).grants).toEqual({ house: 'read' })
  expect((await t.client(admin.key).whoami()).scope).toBe('admin')
  for (const { key_id } of [only, more, admin])
    expect((await failure(t.admin.deleteNamespaceKey('door', key_id))).code).toBe('NOT_FOUND')
  expect((await failure(t.admin.deleteNamespaceKey('door', 'key_root'))).code).toBe('CONFLICT')
})

test('usage here leaves out what the key did elsewhere, and a key without a grant here is not there', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'both', grants: { door: 'read_write', house: 'read_write' } })
  const both = t.client(key)
  for (const place of ['door', 'door', 'house']) await both.storeMemory(place, { content: 'x' })
  await both.whoami()
  expect(await t.admin.namespaceKeyUsage('door', key_id)).toMatchObject({
    key_id,
    total_requests: 2,
    by_endpoint: [{ endpoint: 'memories.store', requests: 2 }],
    by_namespace: [{ namespace: 'door', requests: 2 }],
  })
  const codes = [
    await failure(t.admin.namespaceKeyUsage('garden', key_id)),
    await failure(t.admin.namespaceKeyUsage('constructor', key_id)),
    await failure(t.admin.namespaceKeyUsage('door', 'key_never')),
  ]
  expect(codes.map(({ code, body }) => [code, body.error])).toEqual(
    Array(3).fill(['NOT_FOUND', 'No key with that id exists.']),
  )
})

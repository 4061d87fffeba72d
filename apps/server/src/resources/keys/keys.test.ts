import { expect, test } from 'vitest'
import { ADMIN_KEY, failure, start } from '../../../test/harness.ts'

test('a key shows its secret once, opens what it was given, and is listed without its secret', async () => {
  await using t = await start()
  const created = await t.admin.createKey({
    name: 'researcher',
    grants: { researcher: 'read_write', coordinator: 'read' },
  })
  expect(created).toMatchObject({
    name: 'researcher',
    scope: 'write',
    active: true,
    namespaces: ['coordinator', 'researcher'].sort((a, b) => a.length - b.length || 0),
  })
  expect(created.key).toMatch(/^dk-[\w-]{32}$/)
  const shown = JSON.stringify([await t.admin.getKey(created.key_id), await t.admin.listKeys()])
  expect(shown).not.toContain(created.key)
  expect(await t.client(created.key).whoami()).toMatchObject({
    key_id: created.key_id,
    name: 'researcher',
    grants: { researcher: 'read_write', coordinator: 'read' },
    auth_enabled: true,
  })
})

test('a secret of the operator is taken as it is, and two keys never share one', async () => {
  await using t = await start()
  const { key } = await t.admin.createKey({ name: 'a', secret: 'dk-chosen-one', grants: { a: 'read' } })
  expect(key).toBe('dk-chosen-one')
  const again = await failure(t.admin.createKey({ name: 'b', secret: 'dk-chosen-one', grants: { b: 'read' } }))
  expect([again.status, again.code]).toEqual([409, 'CONFLICT'])
  expect(again.message).not.toContain('"a"')
  expect((await failure(t.admin.createKey({ name: 'b', secret: ADMIN_KEY }))).code).toBe('CONFLICT')
})

test('a secret that is printed in the documentation is refused where others could use it', async () => {
  await using t = await start({ acceptsPublished: false })
  const refused = await failure(t.admin.createKey({ name: 'a', secret: 'dk-researcher-key', grants: { a: 'read' } }))
  expect([refused.status, refused.code, refused.body.error]).toEqual([
    400,
    'INVALID_REQUEST',
    expect.stringMatching(/^secret: is printed in the documentation/),
  ])
  expect(await t.admin.createKey({ name: 'a', secret: 'a-secret-of-our-own', grants: { a: 'read' } })).toMatchObject({
    key: 'a-secret-of-our-own',
  })
  await using local = await start()
  expect(await local.admin.createKey({ name: 'a', secret: 'dk-researcher-key' })).toMatchObject({
    key: 'dk-researcher-key',
  })
})

test('what clients in the field send makes the grants they mean', async () => {
  await using t = await start()
  const post = async (path: string, body: object) => {
    const response = await t.fetch(path, { method: 'POST', key: ADMIN_KEY, body: JSON.stringify(body) })
    return [response.status, await response.json()] as const
  }
  expect(await post('/admin/keys', { name: 'w', scope: 'write', namespaces: ['one', 'two'] })).toMatchObject([
    201,
    { scope: 'write', grants: { one: 'read_write', two: 'read_write' } },
  ])
  expect(await post('/v1/admin/keys', { name: 'r', namespaces: ['one'] })).toMatchObject([
    201,
    { scope: 'read', grants: { one: 'read' } },
  ])
  expect(await post('/v1/keys', { name: 'p', permissions: ['read', 'write'], namespaces: ['one'] })).toMatchObject([
    201,
    { grants: { one: 'read_write' } },
  ])
  expect(await post('/admin/keys', { name: 'n', scope: 'write', namespaces: [] })).toMatchObject([
    201,
    { grants: {}, warning: expect.stringContaining('gives access to nothing') },
  ])
  expect(await post('/admin/keys', { name: 's', scope: 'super_admin', expires_in_days: 1 })).toMatchObject([
    201,
    { scope: 'admin' },
  ])
  for (const namespaces of [['*'], ['team-*'], ['_x'], ['system_a']])
    expect((await post('/admin/keys', { name: 'x', scope: 'read', namespaces }))[0]).toBe(400)
  for (const grants of [{ '*': 'read' }, { a: 'all' }, { a: 'none' }])
    expect((await post('/admin/keys', { name: 'x', grants }))[0]).toBe(400)
})

test('changed grants count from the next request on', async () => {
  await using t = await start()
  const { key, key_id } = await t.admin.createKey({ name: 'agent', grants: { one: 'read_write' } })
  const agent = t.client(key)
  await agent.storeMemory('one', { content: 'x' })
  await t.admin.updateKey(key_id, { grants: { one: 'read', two: 'write' } })
  expect((await failure(agent.storeMemory('one', { content: 'x' }))).code).toBe('INSUFFICIENT_SCOPE')
  await agent.storeMemory('two', { content: 'x' })
  const changed = await t.admin.updateKey(key_id, { name: 'renamed', grants: { two: 'none' } })
  expect(changed).toMatchObject({ name: 'renamed', grants: { one: 'read' } })
  expect((await failure(agent.storeMemory('two', { content: 'x' }))).code).toBe('NAMESPACE_ACCESS_DENIED')
  expect((await t.admin.updateKey(key_id, { namespaces: ['three'] })).grants).toEqual({ three: 'read' })
})

test('rotation stops the old secret at once, or after the grace', async () => {
  await using t = await start()
  const { key: first, key_id } = await t.admin.createKey({ name: 'agent', grants: { one: 'read_write' } })
  const { key: second } = await t.admin.rotateKey(key_id)
  expect((await failure(t.client(first).whoami())).code).toBe('INVALID_API_KEY')
  const { key: third } = await t.admin.rotateKey(key_id, { graceSecs: 3600 })
  for (const secret of [second, third]) expect((await t.client(secret).whoami()).key_id).toBe(key_id)
  await t.owner((sql) => sql`update key_secrets set expires_at = now() where expires_at is not null`)
  expect((await failure(t.client(second).whoami())).code).toBe('API_KEY_EXPIRED')
  expect((await t.client(third).whoami()).key_id).toBe(key_id)
})

test('a deactivated, deleted or expired key opens nothing', async () => {
  await using t = await start()
  const make = () => t.admin.createKey({ name: 'agent', grants: { one: 'read_write' } })
  const [stopped, gone, old] = [await make(), await make(), await make()]
  expect(await t.admin.deactivateKey(stopped.key_id)).toMatchObject({ success: true, active: false })
  expect(await t.admin.deleteKey(gone.key_id)).toMatchObject({ success: true })
  await t.owner((sql) => sql`update keys set expires_at = now() where id = ${old.key_id}`)
  const codes = await Promise.all(
    [stopped, gone, old].map(async ({ key }) => (await failure(t.client(key).recall('one', 'x'))).code),
  )
  expect(codes).toEqual(['INVALID_API_KEY', 'INVALID_API_KEY', 'API_KEY_EXPIRED'])
  expect((await failure(t.admin.getKey(gone.key_id))).code).toBe('NOT_FOUND')
  expect((await failure(t.admin.createKey({ name: 'x', expiresAt: '2001-01-01' }))).code).toBe('INVALID_REQUEST')
})

test('a key that opens nothing any more gets no new secret', async () => {
  await using t = await start()
  const make = () => t.admin.createKey({ name: 'agent', grants: { one: 'read_write' } })
  const [stopped, old] = [await make(), await make()]
  await t.admin.deactivateKey(stopped.key_id)
  await t.owner((sql) => sql`update keys set expires_at = now() where id = ${old.key_id}`)
  for (const [{ key_id }, why] of [
    [stopped, /deactivated.*Create a new key/],
    [old, /expired.*Create a new key/],
  ] as const) {
    const refused = await failure(t.admin.rotateKey(key_id, { graceSecs: 60 }))
    expect([refused.code, refused.body.error]).toEqual(['CONFLICT', expect.stringMatching(why)])
  }
  expect((await t.admin.rotateKey((await make()).key_id)).key).toMatch(/^dk-/)
})

test('the root key belongs to whoever runs the server, not to the API', async () => {
  await using t = await start()
  for (const attempt of [
    () => t.admin.rotateKey('key_root'),
    () => t.admin.deleteKey('key_root'),
    () => t.admin.deactivateKey('key_root'),
    () => t.admin.updateKey('key_root', { name: 'x' }),
  ]) {
    expect((await failure(attempt())).code).toBe('CONFLICT')
  }
  expect((await t.admin.whoami()).scope).toBe('admin')
})

test('keys are listed oldest first, page by page', async () => {
  await using t = await start()
  for (let i = 0; i < 5; i++) await t.admin.createKey({ name: `agent-${i}` })
  const names: string[] = []
  for await (const key of t.admin.listKeys({ limit: 2 })) names.push(key.name)
  expect(names).toEqual(['root', 'agent-0', 'agent-1', 'agent-2', 'agent-3', 'agent-4'])
})

test('no secret is stored: neither of keys nor in the replies kept for repeats', async () => {
  await using t = await start()
  const created = await t.admin.createKey({ name: 'agent', grants: { one: 'read' } }, { idempotencyKey: 'once' })
  const again = await t.admin.createKey({ name: 'agent', grants: { one: 'read' } }, { idempotencyKey: 'once' })
  expect(again).toEqual(created)
  const stored = await t.owner(async (sql) =>
    JSON.stringify([
      await sql`select * from keys`,
      await sql`select encode(secret_hash, 'escape') as hash, key_id from key_secrets`,
      await sql`select * from replies`,
    ]),
  )
  expect(stored).toContain('sealed')
  expect(stored).not.toContain(created.key)
})

test('an admin key takes no namespaces and no grants: "the admin of my team" would get everything', async () => {
  await using t = await start()
  for (const limits of [
    { scope: 'admin', namespaces: ['billing'] },
    { scope: 'super_admin', namespaces: ['billing'] },
    { permissions: ['read', 'admin'], namespaces: ['billing'] },
    { scope: 'admin', grants: { billing: 'read_write' } },
  ] as const) {
    const refused = await failure(t.admin.createKey({ name: 'billing-admin', ...limits } as never))
    expect([refused.code, refused.body.error]).toEqual([
      'INVALID_REQUEST',
      expect.stringMatching(/^(namespaces|grants): an admin key may do everything/),
    ])
  }
  expect((await t.admin.createKey({ name: 'second', scope: 'admin', namespaces: [], grants: {} })).scope).toBe('admin')
  expect((await t.admin.listKeys()).map(({ name }) => name)).toEqual(['root', 'second'])
})

test('a word that a key does not know is refused: it would live for ever, or open nothing', async () => {
  await using t = await start()
  const { key_id } = await t.admin.createKey({ name: 'agent', grants: { one: 'read' } })
  for (const [method, path, body, says] of [
    ['POST', '/v1/keys', { name: 'x', expires_in_day: 1 }, /^expires_in_day: .*expires_in_days/],
    ['POST', '/v1/keys', { name: 'x', grant: { one: 'read' } }, /^grant: .*grants/],
    ['PATCH', `/v1/keys/${key_id}`, { active: true }, /^active: /],
    ['PATCH', `/v1/keys/${key_id}`, { grants: {}, nmae: 'x' }, /^nmae: .*name/],
    ['POST', `/v1/keys/${key_id}/rotate`, { grace_sec: 60 }, /^grace_sec: .*grace_secs/],
    ['POST', '/v1/namespaces/one/keys', { name: 'x', expires: 1 }, /^expires: not a field here/],
  ] as const) {
    const reply = await t.fetch(path, { method, key: ADMIN_KEY, body: JSON.stringify(body) })
    expect([reply.status, ((await reply.json()) as { error: string }).error]).toEqual([
      400,
      expect.stringMatching(says),
    ])
  }
  expect((await t.admin.listKeys()).map(({ name }) => name)).toEqual(['root', 'agent'])
})

test('nobody else may be called root, and a name that another key has is told or refused', async () => {
  await using t = await start()
  for (const name of ['root', 'ROOT '])
    expect(await failure(t.admin.createKey({ name, grants: {} }))).toMatchObject({ status: 409, code: 'CONFLICT' })
  expect((await t.admin.createKey({ name: 'twin', grants: { one: 'read' } })).warning).not.toContain('twin')
  const second = await t.admin.createKey({ name: 'twin', grants: { one: 'read' } })
  expect(second.warning).toContain('Another key is also called "twin"')
  const third = await t.admin.createKey({ name: 'third', grants: { one: 'read' } })
  for (const name of ['twin', 'root'])
    expect(await failure(t.admin.keys.update(third.key_id, { name }))).toMatchObject({ status: 409, code: 'CONFLICT' })
  expect(await t.admin.keys.update(second.key_id, { name: 'twin' })).toMatchObject({ name: 'twin' }) // its own
  await t.admin.deleteKey(second.key_id)
  await t.admin.keys.deactivate((await t.admin.listKeys()).find(({ name }) => name === 'twin')?.key_id as string)
  expect(await t.admin.keys.update(third.key_id, { name: 'twin' })).toMatchObject({ name: 'twin' })
})

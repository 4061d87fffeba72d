// @generated from packages/protocol by packages/codegen; do not edit.

import { Agents } from './resources/agents.ts'
import { type HealthChecks, healthChecks } from './resources/health.ts'
import { Keys } from './resources/keys.ts'
import { Memories } from './resources/memories.ts'
import { NamespaceKeys } from './resources/namespace-keys.ts'
import { Namespaces } from './resources/namespaces.ts'
import { Sessions } from './resources/sessions.ts'
import type { Transport } from './transport.ts'

/** The resources, and the flat names of the product's samples: each calls its resource and does nothing else. */
export abstract class FlatNames {
  /** Store, find, change and forget what agents know. */
  readonly memories: Memories
  /** Places for memories, each with its own grants. */
  readonly namespaces: Namespaces
  /** API keys and their grants. All but `whoami` needs an admin's key. */
  readonly keys: Keys
  /** Keys as one namespace sees them: by the grant they have there. Needs an admin's key. */
  readonly namespaceKeys: NamespaceKeys
  /** Stretches of work of an agent, and the memories that belong to them. */
  readonly sessions: Sessions
  /** Namespaces as the places of agents: who is there, and what is in them. */
  readonly agents: Agents
  /** Health of the server. Needs no key, and sends none. */
  readonly health: HealthChecks

  constructor(transport: Transport) {
    this.memories = new Memories(transport)
    this.namespaces = new Namespaces(transport)
    this.keys = new Keys(transport)
    this.namespaceKeys = new NamespaceKeys(transport)
    this.sessions = new Sessions(transport)
    this.agents = new Agents(transport)
    this.health = healthChecks(transport)
  }

  /**
   * Store one memory. Recall and search find it from the next call on. The same as `memories.store`.

   * @example
   * await client.storeMemory('team-shared', {
   *   content: 'HNSW answers in 5 ms.',
   *   importance: 0.85,
   *   tags: ['finding'],
   *   memoryType: 'semantic',
   *   metadata: { source: 'researcher', wordCount: 5, nested: { camelCase: 1 } },
   * })
   */
  storeMemory(...args: Parameters<Memories['store']>) {
    return this.memories.store(...args)
  }

  /**
   * Store up to 1000 memories: either all or none. The same as `memories.storeBatch`.

   * @example
   * await client.storeMemories('team-shared', [{ content: 'One.', memoryType: 'semantic' }, { content: 'Two.',
   * ttlSeconds: 60 }])
   */
  storeMemories(...args: Parameters<Memories['storeBatch']>) {
    return this.memories.storeBatch(...args)
  }

  /**
   * Find the memories that best answer a query, by meaning and by words together. Several namespaces make one ranking.
   * The same as `memories.recall`.

   * @example
   * await client.recall('team-shared', 'HNSW latency', { topK: 6 })
   */
  recall(...args: Parameters<Memories['recall']>) {
    return this.memories.recall(...args)
  }

  /**
   * Find memories by their words: `word "a phrase" -excluded tag:name prefix*`. Memories that match all of them come
   * first. The same as `memories.search`.

   * @example
   * await client.searchMemories('team-shared', '"5 ms" HNSW', { topK: 10, mode: 'exact', highlight: true, mmr: 0.5 })
   */
  searchMemories(...args: Parameters<Memories['search']>) {
    return this.memories.search(...args)
  }

  /**
   * Fetch one memory. Rejects with `NOT_FOUND` if there is none this key may read. The same as `memories.get`.

   * @example
   * await client.getMemory('mem_1')
   */
  getMemory(...args: Parameters<Memories['get']>) {
    return this.memories.get(...args)
  }

  /**
   * Change a memory. With `ifVersion` only if it still has this version; otherwise the call rejects with `CONFLICT`.
   * The same as `memories.update`.

   * @example
   * await client.updateMemory('mem_1', { content: 'Better.', memoryType: 'semantic', expiresAt: null })
   */
  updateMemory(...args: Parameters<Memories['update']>) {
    return this.memories.update(...args)
  }

  /**
   * Set the importance of one or more memories: either all or none. The same as `memories.setImportance`.

   * @example
   * await client.setImportance('team-shared', 'mem_1', 0.2)
   */
  setImportance(...args: Parameters<Memories['setImportance']>) {
    return this.memories.setImportance(...args)
  }

  /**
   * Forget memories by id, by ids, or by tags, session or age. The same as `memories.forget`.

   * @example
   * await client.forget('researcher', 'mem_1')
   */
  forget(...args: Parameters<Memories['forget']>) {
    return this.memories.forget(...args)
  }

  /**
   * Forget every memory that matches a filter; `dryRun` only counts them. The same as `memories.forgetBatch`.

   * @example
   * await client.batchForget('team-shared', {
   *   maxImportance: 0.5,
   *   createdBefore: 1767225600,
   *   metadata: { sourceAgent: 'researcher' },
   * })
   */
  batchForget(...args: Parameters<Memories['forgetBatch']>) {
    return this.memories.forgetBatch(...args)
  }

  /**
   * List the memories that match a filter, newest first. Await it for one page, or `for await` over it for all. The
   * same as `memories.list`.

   * @example
   * await client.listMemories('team-shared', {
   *   filter: { memoryType: 'semantic', createdAfter: 1767225600 },
   *   limit: 2,
   * })
   */
  listMemories(...args: Parameters<Memories['list']>) {
    return this.memories.list(...args)
  }

  /**
   * Create a namespace. Returns the existing one if its settings match; fails with `CONFLICT` if they differ. Needs an
   * admin's key. The same as `namespaces.create`.

   * @example
   * await client.createNamespace('team-shared')
   */
  createNamespace(...args: Parameters<Namespaces['create']>) {
    return this.namespaces.create(...args)
  }

  /**
   * Create a namespace or change its settings. Omitted settings stay unchanged. Needs an admin's key. The same as
   * `namespaces.upsert`.

   * @example
   * await client.upsertNamespace('team-shared')
   */
  upsertNamespace(...args: Parameters<Namespaces['upsert']>) {
    return this.namespaces.upsert(...args)
  }

  /**
   * List the namespaces on which this key has a grant; an admin sees all of them. Await it for one page, or `for await`
   * over it for all. The same as `namespaces.list`.

   * @example
   * await client.listNamespaces()
   */
  listNamespaces(...args: Parameters<Namespaces['list']>) {
    return this.namespaces.list(...args)
  }

  /**
   * Fetch one namespace. Rejects with `NAMESPACE_NOT_FOUND` if there is none this key may read. The same as
   * `namespaces.get`.

   * @example
   * await client.getNamespace('team-shared')
   */
  getNamespace(...args: Parameters<Namespaces['get']>) {
    return this.namespaces.get(...args)
  }

  /**
   * Delete a namespace, all its memories and all grants on it. Needs an admin's key. The same as `namespaces.delete`.

   * @example
   * await client.deleteNamespace('team-shared')
   */
  deleteNamespace(...args: Parameters<Namespaces['delete']>) {
    return this.namespaces.delete(...args)
  }

  /**
   * Issue a key with its own grants per namespace. The response contains its secret, which is not shown again. The same
   * as `keys.create`.

   * @example
   * await client.createKey({
   *   name: 'researcher',
   *   grants: { researcher: 'read_write', 'team-shared': 'write' },
   *   expiresInDays: 30,
   * })
   */
  createKey(...args: Parameters<Keys['create']>) {
    return this.keys.create(...args)
  }

  /**
   * List the keys, without secrets. Await it for one page, or `for await` over it for all. The same as `keys.list`.

   * @example
   * await client.listKeys()
   */
  listKeys(...args: Parameters<Keys['list']>) {
    return this.keys.list(...args)
  }

  /**
   * Fetch one key, without its secret. Rejects with `NOT_FOUND` if there is none this key may read. The same as
   * `keys.get`.

   * @example
   * await client.getKey('key_1')
   */
  getKey(...args: Parameters<Keys['get']>) {
    return this.keys.get(...args)
  }

  /**
   * Rename a key or change its grants. New grants apply from its next request on; `none` removes one. The same as
   * `keys.update`.

   * @example
   * await client.updateKey('key_1', { grants: { coordinator: 'read', 'team-shared': 'none' } })
   */
  updateKey(...args: Parameters<Keys['update']>) {
    return this.keys.update(...args)
  }

  /**
   * Give a key a new secret. The old one stops working immediately, or after `graceSecs`. The same as `keys.rotate`.

   * @example
   * await client.rotateKey('key_1')
   */
  rotateKey(...args: Parameters<Keys['rotate']>) {
    return this.keys.rotate(...args)
  }

  /**
   * Stop a key immediately and keep its record. The same as `keys.deactivate`.

   * @example
   * await client.deactivateKey('key_1')
   */
  deactivateKey(...args: Parameters<Keys['deactivate']>) {
    return this.keys.deactivate(...args)
  }

  /**
   * Delete a key and its grants. The memories it stored remain. The same as `keys.delete`.

   * @example
   * await client.deleteKey('key_1')
   */
  deleteKey(...args: Parameters<Keys['delete']>) {
    return this.keys.delete(...args)
  }

  /**
   * Return the number of requests made with a key, including rejected ones. The same as `keys.usage`.

   * @example
   * await client.keyUsage('key_1')
   */
  keyUsage(...args: Parameters<Keys['usage']>) {
    return this.keys.usage(...args)
  }

  /**
   * Return the identity and grants of the calling key. The same as `keys.whoami`.

   * @example
   * await client.whoami()
   */
  whoami(...args: Parameters<Keys['whoami']>) {
    return this.keys.whoami(...args)
  }

  /**
   * Issue a key with a single grant, on this namespace. The response contains its secret, which is not shown again. The
   * same as `namespaceKeys.create`.

   * @example
   * await client.createNamespaceKey('team-shared', { name: 'researcher' })
   */
  createNamespaceKey(...args: Parameters<NamespaceKeys['create']>) {
    return this.namespaceKeys.create(...args)
  }

  /**
   * List the keys that have a grant on this namespace, oldest first. Await it for one page, or `for await` over it for
   * all. The same as `namespaceKeys.list`.

   * @example
   * await client.listNamespaceKeys('team-shared')
   */
  listNamespaceKeys(...args: Parameters<NamespaceKeys['list']>) {
    return this.namespaceKeys.list(...args)
  }

  /**
   * Delete a key whose only grant is on this namespace. A key with other grants, or an admin key, only loses this
   * grant. The same as `namespaceKeys.delete`.

   * @example
   * await client.deleteNamespaceKey('team-shared', 'key_1')
   */
  deleteNamespaceKey(...args: Parameters<NamespaceKeys['delete']>) {
    return this.namespaceKeys.delete(...args)
  }

  /**
   * Return the number of requests that a key with a grant on this namespace made here. The same as
   * `namespaceKeys.usage`.

   * @example
   * await client.namespaceKeyUsage('team-shared', 'key_1')
   */
  namespaceKeyUsage(...args: Parameters<NamespaceKeys['usage']>) {
    return this.namespaceKeys.usage(...args)
  }

  /**
   * Start a session. Memories are added to it by `sessionId`. The same as `sessions.start`.

   * @example
   * await client.startSession('researcher')
   */
  startSession(...args: Parameters<Sessions['start']>) {
    return this.sessions.start(...args)
  }

  /**
   * End a session. If it has ended already, only its summary changes. The same as `sessions.end`.

   * @example
   * await client.endSession('ses_1', { summary: 'HNSW answers in 5 ms.' })
   */
  endSession(...args: Parameters<Sessions['end']>) {
    return this.sessions.end(...args)
  }

  /**
   * Fetch one session. Rejects with `NOT_FOUND` if there is none this key may read. The same as `sessions.get`.

   * @example
   * await client.getSession('ses_1')
   */
  getSession(...args: Parameters<Sessions['get']>) {
    return this.sessions.get(...args)
  }

  /**
   * List the sessions of one namespace, or of all namespaces this key can read, newest first. Await it for one page, or
   * `for await` over it for all. The same as `sessions.list`.

   * @example
   * await client.listSessions()
   */
  listSessions(...args: Parameters<Sessions['list']>) {
    return this.sessions.list(...args)
  }

  /**
   * List the memories of a session in the order they were stored. Await it for one page, or `for await` over it for
   * all. The same as `sessions.memories`.

   * @example
   * await client.sessionMemories('ses_1')
   */
  sessionMemories(...args: Parameters<Sessions['memories']>) {
    return this.sessions.memories(...args)
  }

  /**
   * List the namespaces this key can read, with counts of memories and sessions. The same as `agents.list`.

   * @example
   * await client.listAgents()
   */
  listAgents(...args: Parameters<Agents['list']>) {
    return this.agents.list(...args)
  }

  /**
   * Return statistics of one namespace. The same as `agents.stats`.

   * @example
   * await client.agentStats('researcher')
   */
  agentStats(...args: Parameters<Agents['stats']>) {
    return this.agents.stats(...args)
  }

  /**
   * List the memories of one namespace, newest first. Await it for one page, or `for await` over it for all. The same
   * as `agents.memories`.

   * @example
   * await client.agentMemories('researcher')
   */
  agentMemories(...args: Parameters<Agents['memories']>) {
    return this.agents.memories(...args)
  }
}

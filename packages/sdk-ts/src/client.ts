import { Agents } from './resources/agents.ts'
import { type HealthChecks, healthChecks } from './resources/health.ts'
import { Keys } from './resources/keys.ts'
import { Memories } from './resources/memories.ts'
import { NamespaceKeys } from './resources/namespace-keys.ts'
import { Namespaces } from './resources/namespaces.ts'
import { Sessions } from './resources/sessions.ts'
import { type ClientOptions, createTransport } from './transport.ts'

/**
 * A client for one server and one key. Give each agent its own key and so its own client.
 * Options that cannot work throw a `UsageError` here; a missing key does so in the first call that needs one.
 */
export class DakeraClient {
  readonly memories: Memories
  readonly namespaces: Namespaces
  readonly keys: Keys
  readonly namespaceKeys: NamespaceKeys
  readonly sessions: Sessions
  readonly agents: Agents
  readonly health: HealthChecks

  constructor(options: ClientOptions = {}) {
    const transport = createTransport(options)
    this.memories = new Memories(transport)
    this.namespaces = new Namespaces(transport)
    this.keys = new Keys(transport)
    this.namespaceKeys = new NamespaceKeys(transport)
    this.sessions = new Sessions(transport)
    this.agents = new Agents(transport)
    this.health = healthChecks(transport)
  }

  // The flat names of the product's samples: each hands over to its resource and does nothing else.

  /** The same as `memories.store`. */
  storeMemory(...args: Parameters<Memories['store']>) {
    return this.memories.store(...args)
  }
  /** The same as `memories.storeBatch`. */
  storeMemories(...args: Parameters<Memories['storeBatch']>) {
    return this.memories.storeBatch(...args)
  }
  /** The same as `memories.recall`. */
  recall(...args: Parameters<Memories['recall']>) {
    return this.memories.recall(...args)
  }
  /** The same as `memories.search`. */
  searchMemories(...args: Parameters<Memories['search']>) {
    return this.memories.search(...args)
  }
  /** The same as `memories.get`. */
  getMemory(...args: Parameters<Memories['get']>) {
    return this.memories.get(...args)
  }
  /** The same as `memories.update`. */
  updateMemory(...args: Parameters<Memories['update']>) {
    return this.memories.update(...args)
  }
  /** The same as `memories.setImportance`. */
  setImportance(...args: Parameters<Memories['setImportance']>) {
    return this.memories.setImportance(...args)
  }
  /** The same as `memories.forget`. */
  forget(...args: Parameters<Memories['forget']>) {
    return this.memories.forget(...args)
  }
  /** The same as `memories.forgetBatch`. */
  batchForget(...args: Parameters<Memories['forgetBatch']>) {
    return this.memories.forgetBatch(...args)
  }
  /** The same as `memories.list`. */
  listMemories(...args: Parameters<Memories['list']>) {
    return this.memories.list(...args)
  }

  /** The same as `namespaces.create`. */
  createNamespace(...args: Parameters<Namespaces['create']>) {
    return this.namespaces.create(...args)
  }
  /** The same as `namespaces.upsert`. */
  upsertNamespace(...args: Parameters<Namespaces['upsert']>) {
    return this.namespaces.upsert(...args)
  }
  /** The same as `namespaces.list`. */
  listNamespaces(...args: Parameters<Namespaces['list']>) {
    return this.namespaces.list(...args)
  }
  /** The same as `namespaces.get`. */
  getNamespace(...args: Parameters<Namespaces['get']>) {
    return this.namespaces.get(...args)
  }
  /** The same as `namespaces.delete`. */
  deleteNamespace(...args: Parameters<Namespaces['delete']>) {
    return this.namespaces.delete(...args)
  }

  /** The same as `keys.create`. */
  createKey(...args: Parameters<Keys['create']>) {
    return this.keys.create(...args)
  }
  /** The same as `keys.list`. */
  listKeys(...args: Parameters<Keys['list']>) {
    return this.keys.list(...args)
  }
  /** The same as `keys.get`. */
  getKey(...args: Parameters<Keys['get']>) {
    return this.keys.get(...args)
  }
  /** The same as `keys.update`. */
  updateKey(...args: Parameters<Keys['update']>) {
    return this.keys.update(...args)
  }
  /** The same as `keys.rotate`. */
  rotateKey(...args: Parameters<Keys['rotate']>) {
    return this.keys.rotate(...args)
  }
  /** The same as `keys.deactivate`. */
  deactivateKey(...args: Parameters<Keys['deactivate']>) {
    return this.keys.deactivate(...args)
  }
  /** The same as `keys.delete`. */
  deleteKey(...args: Parameters<Keys['delete']>) {
    return this.keys.delete(...args)
  }
  /** The same as `keys.usage`. */
  keyUsage(...args: Parameters<Keys['usage']>) {
    return this.keys.usage(...args)
  }
  /** The same as `keys.whoami`. */
  whoami(...args: Parameters<Keys['whoami']>) {
    return this.keys.whoami(...args)
  }

  /** The same as `namespaceKeys.create`. */
  createNamespaceKey(...args: Parameters<NamespaceKeys['create']>) {
    return this.namespaceKeys.create(...args)
  }
  /** The same as `namespaceKeys.list`. */
  listNamespaceKeys(...args: Parameters<NamespaceKeys['list']>) {
    return this.namespaceKeys.list(...args)
  }
  /** The same as `namespaceKeys.delete`. */
  deleteNamespaceKey(...args: Parameters<NamespaceKeys['delete']>) {
    return this.namespaceKeys.delete(...args)
  }
  /** The same as `namespaceKeys.usage`. */
  namespaceKeyUsage(...args: Parameters<NamespaceKeys['usage']>) {
    return this.namespaceKeys.usage(...args)
  }

  /** The same as `sessions.start`. */
  startSession(...args: Parameters<Sessions['start']>) {
    return this.sessions.start(...args)
  }
  /** The same as `sessions.end`. */
  endSession(...args: Parameters<Sessions['end']>) {
    return this.sessions.end(...args)
  }
  /** The same as `sessions.get`. */
  getSession(...args: Parameters<Sessions['get']>) {
    return this.sessions.get(...args)
  }
  /** The same as `sessions.list`. */
  listSessions(...args: Parameters<Sessions['list']>) {
    return this.sessions.list(...args)
  }
  /** The same as `sessions.memories`. */
  sessionMemories(...args: Parameters<Sessions['memories']>) {
    return this.sessions.memories(...args)
  }

  /** The same as `agents.list`. */
  listAgents(...args: Parameters<Agents['list']>) {
    return this.agents.list(...args)
  }
  /** The same as `agents.stats`. */
  agentStats(...args: Parameters<Agents['stats']>) {
    return this.agents.stats(...args)
  }
  /** The same as `agents.memories`. */
  agentMemories(...args: Parameters<Agents['memories']>) {
    return this.agents.memories(...args)
  }
}

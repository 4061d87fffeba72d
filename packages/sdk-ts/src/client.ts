import { FlatNames } from './flat.ts'
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
export class DakeraClient extends FlatNames {
  readonly memories: Memories
  readonly namespaces: Namespaces
  readonly keys: Keys
  readonly namespaceKeys: NamespaceKeys
  readonly sessions: Sessions
  readonly agents: Agents
  readonly health: HealthChecks

  constructor(options: ClientOptions = {}) {
    super()
    const transport = createTransport(options)
    this.memories = new Memories(transport)
    this.namespaces = new Namespaces(transport)
    this.keys = new Keys(transport)
    this.namespaceKeys = new NamespaceKeys(transport)
    this.sessions = new Sessions(transport)
    this.agents = new Agents(transport)
    this.health = healthChecks(transport)
  }
}

// @generated from packages/protocol by packages/codegen; do not edit.

/** `camel` writes the fields of a case as TypeScript does. */
export const printedCalls = (camel) => ({
  'namespaces.create': (client, { name, settings }) => client.createNamespace(name, camel(settings)),
  'namespaces.upsert': (client, { name, settings }) => client.upsertNamespace(name, camel(settings)),
  'namespaces.list': (client, options) => client.listNamespaces(camel(options)),
  'namespaces.get': (client, { name }) => client.getNamespace(name),
  'namespaces.delete': (client, { name }) => client.deleteNamespace(name),
  'keys.create': (client, { key }) => client.createKey(camel(key)),
  'keys.list': (client, options) => client.listKeys(camel(options)),
  'keys.get': (client, { id }) => client.getKey(id),
  'keys.update': (client, { id, changes }) => client.updateKey(id, camel(changes)),
  'keys.rotate': (client, { id, how }) => client.rotateKey(id, camel(how)),
  'keys.deactivate': (client, { id }) => client.deactivateKey(id),
  'keys.delete': (client, { id }) => client.deleteKey(id),
  'keys.usage': (client, { id }) => client.keyUsage(id),
  'keys.whoami': (client) => client.whoami(),
  'namespaceKeys.create': (client, { namespace, key }) => client.createNamespaceKey(namespace, camel(key)),
  'namespaceKeys.list': (client, { namespace }) => client.listNamespaceKeys(namespace),
  'namespaceKeys.delete': (client, { namespace, id }) => client.deleteNamespaceKey(namespace, id),
  'namespaceKeys.usage': (client, { namespace, id }) => client.namespaceKeyUsage(namespace, id),
  'memories.get': (client, { id, namespace }) => client.getMemory(id, { namespace }),
  'sessions.start': (client, { namespace, session }) => client.startSession(namespace, camel(session)),
  'sessions.end': (client, { id, how, namespace }) => client.endSession(id, camel(how), { namespace }),
  'sessions.get': (client, { id, namespace }) => client.getSession(id, { namespace }),
  'sessions.list': (client, options) => client.listSessions(camel(options)),
  'sessions.memories': (client, { id, options, namespace }) =>
    client.sessionMemories(id, camel(options), { namespace }),
  'agents.list': (client) => client.listAgents(),
  'agents.stats': (client, { namespace }) => client.agentStats(namespace),
  'agents.memories': (client, { namespace, options }) => client.agentMemories(namespace, camel(options)),
})

export { createMcpEndpoint, type McpCaller, type McpEndpoint, narrowingOf } from './endpoint.ts'
export { Identities, type Narrowing } from './scope.ts'
export { createMcpServer, type McpOptions } from './server.ts'

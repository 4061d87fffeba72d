// @generated from packages/protocol by packages/codegen; do not edit.
import { pageOf } from '../decode.ts'
import { type List, listByOffset, type OffsetOptions } from '../list.ts'
import type { Agent, AgentStats, Memory, MemoryType } from '../models.ts'
import { path, type RequestOptions, request } from '../request.ts'
import type { Transport } from '../transport.ts'

/** The options of `agents.memories`. */
export type AgentMemoriesOptions = OffsetOptions & {
  /** Only memories of this type. */
  memoryType?: MemoryType | undefined
}

/** Namespaces as the places of agents: who is there, and what is in them. */
export class Agents {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** List the namespaces this key can read, with counts of memories and sessions. */
  list(options?: RequestOptions): Promise<Agent[]> {
    return request(this.#transport, {
      operation: 'agents.list',
      method: 'GET',
      path: '/v1/agents',
      options,
      decode: (reply: Agent[]) => [...reply],
    })
  }

  /** Return statistics of one namespace. */
  async stats(namespace: string, options?: RequestOptions): Promise<AgentStats> {
    return request(this.#transport, {
      operation: 'agents.stats',
      method: 'GET',
      path: path`/v1/agents/${namespace}/stats`,
      options,
    })
  }

  /** List the memories of one namespace, newest first. Await it for one page, or `for await` over it for all. */
  memories(
    namespace: string,
    { memoryType, limit, offset: from = 0 }: AgentMemoriesOptions = {},
    options?: RequestOptions,
  ): List<Memory> {
    return listByOffset(from, async (offset) =>
      request(this.#transport, {
        operation: 'agents.memories',
        method: 'GET',
        path: path`/v1/agents/${namespace}/memories`,
        query: { memory_type: memoryType, limit, offset },
        options,
        decode: (reply: Memory[]) => pageOf(reply),
      }),
    )
  }
}

// @generated from packages/protocol by packages/codegen; do not edit.
import type { Memory } from '../models.ts'
import { type OwnerOptions, path, request } from '../request.ts'
import type { Transport } from '../transport.ts'

/** The methods of `client.memories` that follow from the contract. */
export class PrintedMemories {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Fetch one memory. Rejects with `NOT_FOUND` if there is none this key may read. */
  async get(id: string, { namespace, ...options }: OwnerOptions = {}): Promise<Memory> {
    return request(this.#transport, {
      operation: 'memories.get',
      method: 'GET',
      path: path`/v1/memory/get/${id}`,
      query: { agent_id: namespace },
      options,
    })
  }
}

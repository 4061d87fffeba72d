// @generated from packages/protocol by packages/codegen; do not edit.
import { pageOf } from '../decode.ts'
import { type List, list } from '../list.ts'
import type {
  CreatedNamespaceKey,
  CreateNamespaceKeyRequest,
  DeleteNamespaceKeyResponse,
  KeyUsage,
  ListNamespaceKeysResponse,
  NamespaceKey,
} from '../models.ts'
import { path, type RequestOptions, request } from '../request.ts'
import { hideSecrets } from '../secrets.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'

/** Keys as one namespace sees them: by the grant they have there. Needs an admin's key. */
export class NamespaceKeys {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Issue a key with a single grant, on this namespace. The response contains its secret, which is not shown again. */
  async create(
    namespace: string,
    key: CreateNamespaceKeyRequest,
    options?: RequestOptions,
  ): Promise<CreatedNamespaceKey> {
    return request(this.#transport, {
      operation: 'namespaceKeys.create',
      method: 'POST',
      path: path`/v1/namespaces/${namespace}/keys`,
      body: toWire(key),
      options,
      decode: hideSecrets,
    })
  }

  /**
   * List the keys that have a grant on this namespace, oldest first. Await it for one page, or `for await` over it for
   * all.
   */
  list(namespace: string, options?: RequestOptions): List<NamespaceKey> {
    return list(async () =>
      request(this.#transport, {
        operation: 'namespaceKeys.list',
        method: 'GET',
        path: path`/v1/namespaces/${namespace}/keys`,
        options,
        decode: (reply: ListNamespaceKeysResponse) => pageOf(reply.keys, reply),
      }),
    )
  }

  /**
   * Delete a key whose only grant is on this namespace. A key with other grants, or an admin key, only loses this
   * grant.
   */
  async delete(namespace: string, id: string, options?: RequestOptions): Promise<DeleteNamespaceKeyResponse> {
    return request(this.#transport, {
      operation: 'namespaceKeys.delete',
      method: 'DELETE',
      path: path`/v1/namespaces/${namespace}/keys/${id}`,
      options,
    })
  }

  /** Return the number of requests that a key with a grant on this namespace made here. */
  async usage(namespace: string, id: string, options?: RequestOptions): Promise<KeyUsage> {
    return request(this.#transport, {
      operation: 'namespaceKeys.usage',
      method: 'GET',
      path: path`/v1/namespaces/${namespace}/keys/${id}/usage`,
      options,
    })
  }
}

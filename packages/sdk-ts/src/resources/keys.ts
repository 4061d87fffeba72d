// @generated from packages/protocol by packages/codegen; do not edit.
import { pageOf } from '../decode.ts'
import { type List, type ListOptions, list } from '../list.ts'
import type {
  CreatedKey,
  CreateKeyRequest,
  Identity,
  Key,
  KeyActionResponse,
  KeyUsage,
  ListKeysResponse,
  RotatedKey,
  RotateKeyRequest,
  UpdateKeyRequest,
} from '../models.ts'
import { path, type RequestOptions, request } from '../request.ts'
import { hideSecrets } from '../secrets.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'

/** API keys and their grants. All but `whoami` needs an admin's key. */
export class Keys {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Issue a key with its own grants per namespace. The response contains its secret, which is not shown again. */
  create(key: CreateKeyRequest, options?: RequestOptions): Promise<CreatedKey> {
    return request(this.#transport, {
      operation: 'keys.create',
      method: 'POST',
      path: '/v1/keys',
      body: toWire(key),
      options,
      decode: hideSecrets,
    })
  }

  /** List the keys, without secrets. Await it for one page, or `for await` over it for all. */
  list({ limit, cursor: from }: ListOptions = {}, options?: RequestOptions): List<Key> {
    return list((cursor) =>
      request(this.#transport, {
        operation: 'keys.list',
        method: 'GET',
        path: '/v1/keys',
        query: { limit, cursor: cursor ?? from },
        options,
        decode: (reply: ListKeysResponse) => pageOf(reply.keys, reply),
      }),
    )
  }

  /** Fetch one key, without its secret. Rejects with `NOT_FOUND` if there is none this key may read. */
  async get(id: string, options?: RequestOptions): Promise<Key> {
    return request(this.#transport, { operation: 'keys.get', method: 'GET', path: path`/v1/keys/${id}`, options })
  }

  /** Rename a key or change its grants. New grants apply from its next request on; `none` removes one. */
  async update(id: string, changes: UpdateKeyRequest, options?: RequestOptions): Promise<Key> {
    return request(this.#transport, {
      operation: 'keys.update',
      method: 'PATCH',
      path: path`/v1/keys/${id}`,
      body: toWire(changes),
      options,
    })
  }

  /** Give a key a new secret. The old one stops working immediately, or after `graceSecs`. */
  async rotate(id: string, how?: RotateKeyRequest, options?: RequestOptions): Promise<RotatedKey> {
    return request(this.#transport, {
      operation: 'keys.rotate',
      method: 'POST',
      path: path`/v1/keys/${id}/rotate`,
      body: toWire(how),
      options,
      decode: hideSecrets,
    })
  }

  /** Stop a key immediately and keep its record. */
  async deactivate(id: string, options?: RequestOptions): Promise<KeyActionResponse> {
    return request(this.#transport, {
      operation: 'keys.deactivate',
      method: 'POST',
      path: path`/v1/keys/${id}/deactivate`,
      options,
    })
  }

  /** Delete a key and its grants. The memories it stored remain. */
  async delete(id: string, options?: RequestOptions): Promise<KeyActionResponse> {
    return request(this.#transport, { operation: 'keys.delete', method: 'DELETE', path: path`/v1/keys/${id}`, options })
  }

  /** Return the number of requests made with a key, including rejected ones. */
  async usage(id: string, options?: RequestOptions): Promise<KeyUsage> {
    return request(this.#transport, {
      operation: 'keys.usage',
      method: 'GET',
      path: path`/v1/keys/${id}/usage`,
      options,
    })
  }

  /** Return the identity and grants of the calling key. */
  whoami(options?: RequestOptions): Promise<Identity> {
    return request(this.#transport, { operation: 'keys.whoami', method: 'GET', path: '/v1/auth/whoami', options })
  }
}

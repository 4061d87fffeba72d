// @generated from packages/protocol by packages/codegen; do not edit.

import { pageOf } from '../decode.ts'
import { type List, type ListOptions, list } from '../list.ts'
import type * as models from '../models.ts'
import type {
  CreateNamespaceRequest,
  DeleteNamespaceResponse,
  ListNamespacesResponse,
  Namespace,
  UpsertNamespaceRequest,
} from '../models.ts'
import { path, type RequestOptions, request } from '../request.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'

/** The fields of a new namespace, without its name. */
export type NamespaceSettings = Omit<CreateNamespaceRequest, 'name'>

/** A namespace in a list. `namespace` is the same as `name`, by its name in a single one. */
export type ListedNamespace = models.ListedNamespace & { namespace: models.ListedNamespace['name'] }

/** Places for memories, each with its own grants. */
export class Namespaces {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Create a namespace. Returns the existing one if its settings match; fails with `CONFLICT` if they differ. Needs an
   * admin's key.
   */
  create(name: string, settings?: NamespaceSettings, options?: RequestOptions): Promise<Namespace> {
    return request(this.#transport, {
      operation: 'namespaces.create',
      method: 'POST',
      path: '/v1/namespaces',
      body: { ...toWire(settings), name },
      options,
    })
  }

  /** Create a namespace or change its settings. Omitted settings stay unchanged. Needs an admin's key. */
  async upsert(name: string, settings?: UpsertNamespaceRequest, options?: RequestOptions): Promise<Namespace> {
    return request(this.#transport, {
      operation: 'namespaces.upsert',
      method: 'PUT',
      path: path`/v1/namespaces/${name}`,
      body: toWire(settings),
      options,
    })
  }

  /**
   * List the namespaces on which this key has a grant; an admin sees all of them. Await it for one page, or `for await`
   * over it for all.
   */
  list({ limit, cursor: from }: ListOptions = {}, options?: RequestOptions): List<ListedNamespace> {
    return list((cursor) =>
      request(this.#transport, {
        operation: 'namespaces.list',
        method: 'GET',
        path: '/v1/namespaces',
        query: { limit, cursor: cursor ?? from },
        options,
        decode: (reply: ListNamespacesResponse) =>
          pageOf(
            reply.items.map((item) => ({ ...item, namespace: item.name })),
            reply,
          ),
      }),
    )
  }

  /** Fetch one namespace. Rejects with `NAMESPACE_NOT_FOUND` if there is none this key may read. */
  async get(name: string, options?: RequestOptions): Promise<Namespace> {
    return request(this.#transport, {
      operation: 'namespaces.get',
      method: 'GET',
      path: path`/v1/namespaces/${name}`,
      options,
    })
  }

  /** Delete a namespace, all its memories and all grants on it. Needs an admin's key. */
  async delete(name: string, options?: RequestOptions): Promise<DeleteNamespaceResponse> {
    return request(this.#transport, {
      operation: 'namespaces.delete',
      method: 'DELETE',
      path: path`/v1/namespaces/${name}`,
      options,
    })
  }
}

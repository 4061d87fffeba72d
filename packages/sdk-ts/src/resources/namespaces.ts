import { type List, list, withNames } from '../list.ts'
import type {
  CreateNamespaceRequest,
  DeleteNamespaceResponse,
  ListedNamespace as Listed,
  ListNamespacesResponse,
  Namespace,
  UpsertNamespaceRequest,
} from '../models.ts'
import { path, type RequestOptions, request } from '../request.ts'
import { toWire } from '../spelling.ts'
import type { Transport } from '../transport.ts'

/** What a namespace is created with, beside its name. */
export type NamespaceSettings = Omit<CreateNamespaceRequest, 'name'>

/** A namespace in a list. `namespace` is its `name` again, as single namespaces call it. */
export type ListedNamespace = Listed & { namespace: string }

/** How much of a list to fetch at once, and from where. */
export type ListOptions = { /** All of them unless said. */ limit?: number | undefined; cursor?: string | undefined }

/** Places for memories, each with its own grants. */
export class Namespaces {
  readonly #transport: Transport
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Create a namespace. One that exists is given back, unless the settings disagree with it: then `CONFLICT`. Needs an
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

  /** Create a namespace or change its settings; what is left out stays. Needs an admin's key. */
  async upsert(name: string, settings?: UpsertNamespaceRequest, options?: RequestOptions): Promise<Namespace> {
    return request(this.#transport, {
      operation: 'namespaces.upsert',
      method: 'PUT',
      path: path`/v1/namespaces/${name}`,
      body: toWire(settings),
      options,
    })
  }

  /** List the namespaces this key has a grant on; an admin sees all. */
  list({ limit, cursor: from }: ListOptions = {}, options?: RequestOptions): List<ListedNamespace> {
    return list((cursor) =>
      request(this.#transport, {
        operation: 'namespaces.list',
        method: 'GET',
        path: '/v1/namespaces',
        query: { limit, cursor: cursor ?? from },
        options,
        decode: toPage,
      }),
    )
  }

  /** Fetch one namespace. */
  async get(name: string, options?: RequestOptions): Promise<Namespace> {
    return request(this.#transport, {
      operation: 'namespaces.get',
      method: 'GET',
      path: path`/v1/namespaces/${name}`,
      options,
    })
  }

  /** Delete a namespace with all its memories and every grant on it. Needs an admin's key. */
  async delete(name: string, options?: RequestOptions): Promise<DeleteNamespaceResponse> {
    return request(this.#transport, {
      operation: 'namespaces.delete',
      method: 'DELETE',
      path: path`/v1/namespaces/${name}`,
      options,
    })
  }
}

const toPage = ({ items, next_cursor }: ListNamespacesResponse) =>
  withNames(
    items.map((item) => ({ ...item, namespace: item.name })),
    { ...(next_cursor !== undefined && { nextCursor: next_cursor }) },
  )

import type * as z from 'zod'
import type { ErrorCode } from './errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * One operation of the API, as data. The server mounts it, openapi.json describes it, the SDKs are checked against it.
 */
export type Endpoint = {
  id: `${string}.${string}`
  method: Method
  path: `/${string}`
  /** Other addresses of the same operation, used by published clients. */
  aliases?: readonly `${Method} /${string}`[]
  /** One or two sentences in the imperative; clients and documents print them. Names of fields are in backticks. */
  summary: string
  /** The name of its method on the client itself, as in `client.storeMemory`; every language has its own spelling. */
  flat?: string
  /** The operation that does the same by another address. Clients have a method for that one only. */
  twinOf?: `${string}.${string}`
  /** `public` needs no key, `admin` needs an admin key. Default `key`. */
  access?: 'public' | 'key' | 'admin'
  /**
   * Rejects unknown names in its query and body. Other calls ignore them and list them in `warnings` of the response.
   */
  isStrict?: true
  query?: z.ZodObject
  body?: z.ZodType
  /**
   * Size in bytes of the largest body that the schema allows. A server may accept less and never reads more.
   */
  maxBodyBytes?: number
  /** Default 200; a creation returns 201. */
  status?: 200 | 201
  response: z.ZodType
  /** The field of the reply that a client's method returns: a list as a page, anything else as it is. Default: all. */
  returns?: string
  errors: readonly ErrorCode[]
}

export const endpoint = <const E extends Endpoint>(definition: E): E => definition

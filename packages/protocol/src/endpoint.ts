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
  summary: string
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
  errors: readonly ErrorCode[]
}

export const endpoint = <const E extends Endpoint>(definition: E): E => definition

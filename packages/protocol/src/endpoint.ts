import type * as z from 'zod'
import type { ErrorCode } from './errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One operation of the API, as data. The server mounts it, openapi.json prints it, the SDKs are checked against it. */
export type Endpoint = {
  id: `${string}.${string}`
  method: Method
  path: `/${string}`
  /** Other addresses of the same operation, which clients in the field use. */
  aliases?: readonly `${Method} /${string}`[]
  /** One or two sentences in the imperative; clients and documents print them. Names of fields stand in backticks. */
  summary: string
  /** The name of its method on the client itself, as in `client.storeMemory`; every language spells it in its own way. */
  flat?: string
  /** The operation that does the same by another address. Clients have a method for that one only. */
  twinOf?: `${string}.${string}`
  /** `public` needs no key, `admin` needs an admin's; `key` is the default. */
  access?: 'public' | 'key' | 'admin'
  /**
   * Refuses every name it does not know, in its query and in its body. Other calls ignore them, and name them in
   * `warnings` of the reply.
   */
  isStrict?: true
  query?: z.ZodObject
  body?: z.ZodType
  /**
   * Bytes of a body that holds the most of everything the schema allows; a server may take less, and never reads more.
   */
  maxBodyBytes?: number
  /** 200 unless said; a creation answers 201. */
  status?: 200 | 201
  response: z.ZodType
  /** The field of the reply that a client's method returns: a list as a page, anything else as it is. Default: all. */
  returns?: string
  errors: readonly ErrorCode[]
}

export const endpoint = <const E extends Endpoint>(definition: E): E => definition

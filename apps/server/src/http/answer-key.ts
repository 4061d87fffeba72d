import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { Fault } from '../fault.ts'
import { Admission, type Admitted, isUnknown } from './admission.ts'
import { readSecret } from './auth.ts'
import { addressOf } from './client.ts'
import type { AppEnv, Call } from './observe.ts'
import { patiently } from './patience.ts'

type C = Context<AppEnv>

/** Answers a request that needs a key: admits it, counts it under `endpoint`, and gives up when nobody waits. */
export type AnswerKey = (
  c: C,
  endpoint: string,
  answer: (admitted: Admitted, giveUp: AbortController) => Promise<Response>,
) => Promise<Response>

export const HUNG_UP = new Fault('SERVICE_UNAVAILABLE', {}, { message: 'The client hung up.' })

export const connectionOf = (c: C) => c.env?.outgoing

export function answerKeys(deps: Deps): AnswerKey {
  const { database, trustedProxies } = deps
  const admission = new Admission(database, deps)
  const isAlive = () => database.check().then(({ ok }) => ok)

  return (c, endpoint, answer) => {
    const address = addressOf(c, trustedProxies)
    const answerAs = async (admitted: Admitted, giveUp: AbortController) => {
      try {
        return await answer(admitted, giveUp)
      } catch (error) {
        if (isUnknown(error)) admission.forget(admitted.principal, address)
        throw error
      }
    }
    const within = c.env?.within
    if (within) {
      c.set('call', within.call)
      return answerAs(within.admitted, within.giveUp)
    }

    const secret = readSecret(c.req.raw.headers)
    const giveUp = new AbortController()
    const { signal } = c.req.raw
    const hangUp = () => giveUp.abort(HUNG_UP)
    signal.addEventListener('abort', hangUp)
    let admitted: Admitted | undefined
    const reply = async () => {
      const { principal, keyId } = await admission.identify(secret, giveUp.signal, address)
      const { keyHash } = principal
      c.set('call', { keyHash, keyId, endpoint, namespace: '', bytes: 0 } satisfies Call)
      const request = admission.admit(principal, keyId)
      admitted = request
      try {
        return await answerAs(request, giveUp)
      } finally {
        const connection = connectionOf(c)
        if (connection || !c.var.streamed) request.leave(connection)
        else void c.var.streamed.then(() => request.leave(undefined))
      }
    }
    // Node keeps a request's signal until the request is collected. A listener that refers to the request would keep
    // both, and the reply.
    return patiently(reply(), () => admitted?.principal, giveUp, isAlive).finally(() =>
      signal.removeEventListener('abort', hangUp),
    )
  }
}

import { SECRETS } from './rules.ts'

/**
 * Makes accessors of the secrets in a reply, so that whatever prints it shows `[Getter]` in their place: a log of Node,
 * `console.dir`, the console of a browser. Who reads the field, spreads the reply or writes it as JSON still gets the
 * secret: that is how one saves it.
 */
export function hideSecrets<T extends object>(reply: T): T {
  for (const name of SECRETS) {
    const secret: unknown = Reflect.get(reply, name)
    if (secret !== undefined) Object.defineProperty(reply, name, { get: () => secret })
  }
  return reply
}

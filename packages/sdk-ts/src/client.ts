import { FlatNames } from './flat.ts'
import { rememberKey } from './keys-in-use.ts'
import { type ClientOptions, createTransport } from './transport.ts'

/**
 * A client for one server and one key. Give each agent its own key, and so its own client.
 * Invalid options throw a `UsageError` here; a missing key does so in the first call that needs one.
 */
export class DakeraClient extends FlatNames {
  constructor(options: ClientOptions = {}) {
    const transport = createTransport(options)
    super(transport)
    rememberKey(this, transport.apiKey)
  }
}

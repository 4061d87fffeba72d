const keys = new WeakMap<object, string>()

/** Remembers the key of a client, where no log of the client shows it. */
export function rememberKey(client: object, apiKey: string | undefined): void {
  if (apiKey !== undefined) keys.set(client, apiKey)
}

export const keyOf = (client: object): string | undefined => keys.get(client)

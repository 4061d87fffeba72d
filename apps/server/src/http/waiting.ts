import type { Socket } from 'node:net'
import { networkOf } from './door.ts'

/** Connections on which no request is under way: idle ones, and those on which one has not arrived yet. */
export class Waiting {
  readonly #networks = new Map<Socket, string>()

  /** Last in the row of its network. */
  add(socket: Socket): void {
    this.#networks.set(socket, networkOf(socket.remoteAddress ?? 'unknown'))
  }

  delete(socket: Socket): void {
    this.#networks.delete(socket)
  }

  /**
   * Ends the oldest of the network that has most of them: what one client opens and leaves costs no other its
   * connection.
   */
  endOne(): void {
    const rows = Map.groupBy(this.#networks.keys(), (socket) => this.#networks.get(socket))
    const [longest] = [...rows.values()].sort((a, b) => b.length - a.length)
    longest?.[0]?.destroy()
  }
}

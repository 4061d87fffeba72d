import type { Socket } from 'node:net'
import { networkOf } from './admission.ts'

/** Connections without a request under way: idle ones, and those whose request has not arrived yet. */
export class IdleConnections {
  readonly #networks = new Map<Socket, string>()

  /** Adds a connection as the newest of its network. */
  add(socket: Socket): void {
    this.#networks.set(socket, networkOf(socket.remoteAddress ?? 'unknown'))
  }

  delete(socket: Socket): void {
    this.#networks.delete(socket)
  }

  /**
   * Closes the oldest connection of the network that has the most, so that one client cannot use up all connections.
   */
  closeOne(): void {
    const perNetwork = Map.groupBy(this.#networks.keys(), (socket) => this.#networks.get(socket))
    const [most] = [...perNetwork.values()].sort((a, b) => b.length - a.length)
    most?.[0]?.destroy()
  }
}

import type { Clock } from '../base/clock.ts'
import type { NetSocket } from '../base/net.ts'

/** Further ones are closed at once. */
const maxWaiting = 1_000

/**
 * Connections that come too early for the quota of their address: they are closed after a while and not at once, or the client would be
 * back at once (KIP-612). Nothing is read from them.
 */
export class LateRefusals {
  private readonly clock: Clock
  private readonly waiting = new Set<NetSocket>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  refuse(socket: NetSocket, afterMs: number): void {
    if (this.waiting.size >= maxWaiting) return socket.destroy()
    const timer = this.clock.inBackground(afterMs, () => socket.destroy())
    this.waiting.add(socket)
    const gone = (): void => {
      timer.cancel()
      this.waiting.delete(socket)
    }
    socket.start({ onData: () => {}, onDrain: () => {}, onEnd: () => socket.destroy(), onClose: gone })
    socket.pause()
  }

  close(): void {
    for (const socket of this.waiting) socket.destroy()
  }
}

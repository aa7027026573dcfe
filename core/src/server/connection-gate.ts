import type { Clock } from '../base/clock.ts'
import type { NetPlace } from '../base/net.ts'

export interface GateLimits {
  /** Further ones are closed at once (max.connections). */
  readonly maxConnections: number
  /** Of one address (max.connections.per.ip). */
  readonly maxConnectionsPerIp: number
  /** Of particular addresses (max.connections.per.ip.overrides). */
  readonly maxConnectionsByIp: Readonly<Record<string, number>>
  /** New ones in a second, over all listeners (max.connection.creation.rate); as many may come at once. */
  readonly maxConnectionsPerSecond: number
}

/**
 * Who may connect, before anything is spent on them: not even a handshake of TLS.
 *
 * Invariants
 *   G1  A connection counts from here until its socket is closed, whether it ever gets through its handshakes or not.
 */
export class ConnectionGate {
  private readonly limits: GateLimits
  private readonly clock: Clock
  private readonly byAddress = new Map<string, number>()
  private all = 0
  /** How many may come now. */
  private tokens: number
  private filledAt: number

  constructor(limits: GateLimits, clock: Clock) {
    this.limits = limits
    this.clock = clock
    this.tokens = limits.maxConnectionsPerSecond
    this.filledAt = clock.monotonic()
  }

  /** Null: it is to be closed at once. Else what is to be called when it has ended, once. */
  admit({ host }: NetPlace): (() => void) | null {
    const address = plainAddress(host)
    const own = this.byAddress.get(address) ?? 0
    if (this.all >= this.limits.maxConnections || own >= this.limitOf(address) || !this.takeToken()) return null
    this.all++
    this.byAddress.set(address, own + 1)
    return () => this.leave(address)
  }

  private limitOf(address: string): number {
    const { maxConnectionsByIp, maxConnectionsPerIp } = this.limits
    return Object.hasOwn(maxConnectionsByIp, address) ? maxConnectionsByIp[address]! : maxConnectionsPerIp
  }

  private takeToken(): boolean {
    const { maxConnectionsPerSecond } = this.limits
    const now = this.clock.monotonic()
    this.tokens = Math.min(maxConnectionsPerSecond, this.tokens + ((now - this.filledAt) * maxConnectionsPerSecond) / 1_000)
    this.filledAt = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }

  private leave(address: string): void {
    this.all--
    const left = this.byAddress.get(address)! - 1
    if (left === 0) this.byAddress.delete(address)
    else this.byAddress.set(address, left)
  }
}

/** A listener for both families shows an address of IPv4 as one of IPv6. */
function plainAddress(host: string): string {
  return host.replace(/^::ffff:(?=\d+\.)/, '')
}

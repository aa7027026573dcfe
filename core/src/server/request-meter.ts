import type { Clock } from '../base/clock.ts'
import type { Payer, Quotas } from '../broker/quotas.ts'
import type { ApiName } from '../protocol/apis.ts'
import type { RequestContext } from './handler.ts'

interface MeterParts {
  readonly quotas: Quotas
  readonly clock: Clock
  readonly payer: Payer
  /** Nothing more is read or begun on the connection for so long. */
  readonly mute: (ms: number) => void
}

/** Who a request counts for. */
export function payerOf({ session, clientId }: Pick<RequestContext, 'session' | 'clientId'>): Payer {
  return { user: session.principal.name, clientId }
}

/**
 * What one request costs under the quotas of who sent it. The answer goes out at once and says how long the client is to wait; the
 * connection is muted for that time, so that it holds for those who do not listen too (KIP-219).
 *
 * What a handler answers as its throttle time is such a time as well.
 */
export class RequestMeter {
  private readonly parts: MeterParts
  private throttleMs = 0
  private spentMs = 0

  constructor(parts: MeterParts) {
    this.parts = parts
  }

  /** At the start of a request: of those that come behind it none begins before the time is over. */
  received(name: ApiName, sizeBytes: number): void {
    if (name === 'produce') this.throttle(this.parts.quotas.produced(this.parts.payer, sizeBytes))
  }

  /**
   * Counts what runs before `work` returns: one thread has all clients, and this is how long nobody else has it. What goes on after the
   * first wait is not counted; it is little where records are neither built nor decompressed.
   */
  spend<T>(work: () => T): T {
    const { quotas, clock } = this.parts
    if (!quotas.measuresRequests) return work()
    const began = clock.monotonic()
    try {
      return work()
    } finally {
      this.spentMs += clock.monotonic() - began
    }
  }

  /** The answer, with what the client is told to wait. */
  settled<T extends object>(response: T | null): T | null {
    const { quotas, payer } = this.parts
    const said = response === null || !('throttleTimeMs' in response) ? null : Number(response.throttleTimeMs)
    if (said !== null) this.throttle(said)
    if (quotas.measuresRequests) this.throttle(quotas.requested(payer, this.spentMs))
    return response !== null && said !== null && this.throttleMs > said
      ? { ...response, throttleTimeMs: this.throttleMs }
      : response
  }

  private throttle(ms: number): void {
    if (ms <= this.throttleMs) return
    this.throttleMs = ms
    this.parts.mute(ms)
  }
}

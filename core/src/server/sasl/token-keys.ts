import type { Clock } from '../../base/clock.ts'
import { webKeySet, type WebKeySet } from './web-key-set.ts'

/** A key that is not known is looked for at most so often, whoever asks for whatever. */
const leastBetweenLooksMs = 10_000

/**
 * The keys of an issuer, as they are now.
 *
 * Invariants
 *   TK1  There are always keys: without any it does not open, and a look that fails leaves those that were.
 */
export class TokenKeys {
  private readonly read: () => string | Promise<string>
  private readonly clock: Clock
  private readonly refreshMs: number
  private readonly onError: (error: unknown) => void
  private current: WebKeySet
  private lookedAt: number
  private looking: Promise<void> | null = null

  private constructor(parts: TokenKeysParts, current: WebKeySet) {
    this.read = parts.read
    this.clock = parts.clock
    this.refreshMs = parts.refreshMs
    this.onError = parts.onError
    this.current = current
    this.lookedAt = parts.clock.monotonic()
  }

  /** @throws TOKEN_KEYS_INVALID, and what `read` throws */
  static async open(parts: TokenKeysParts): Promise<TokenKeys> {
    return new TokenKeys(parts, webKeySet(await parts.read()))
  }

  async keys(keyId: string): Promise<WebKeySet> {
    const ageMs = this.clock.monotonic() - this.lookedAt
    if (ageMs >= this.refreshMs || (!this.current.has(keyId) && ageMs >= leastBetweenLooksMs)) {
      this.looking ??= this.look().finally(() => {
        this.looking = null
      })
    }
    if (this.looking !== null) await this.looking
    return this.current
  }

  private async look(): Promise<void> {
    this.lookedAt = this.clock.monotonic()
    try {
      this.current = webKeySet(await this.read())
    } catch (error) {
      this.onError(error)
    }
  }
}

interface TokenKeysParts {
  /** The text of a JSON web key set. */
  readonly read: () => string | Promise<string>
  readonly clock: Clock
  /** Between two looks. */
  readonly refreshMs: number
  /** Hears of looks that failed. */
  readonly onError: (error: unknown) => void
}

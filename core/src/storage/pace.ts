import type { Clock } from '../base/clock.ts'

/** Long work in slices, so that the rest of the process has its turns. */
const sliceMs = 3
const sliceBytes = 256 << 10

export class Pace {
  private readonly clock: Clock
  private startedAt: number
  private bytes = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.startedAt = clock.monotonic()
  }

  /** Whether a turn is due, after work on that many bytes. */
  isDue(bytes: number): boolean {
    this.bytes += bytes
    return this.bytes >= sliceBytes || this.clock.monotonic() - this.startedAt >= sliceMs
  }

  async turn(): Promise<void> {
    await this.clock.turn()
    this.startedAt = this.clock.monotonic()
    this.bytes = 0
  }
}

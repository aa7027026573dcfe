/**
 * That a connection has ended, or its server is about to close, for those who wait for others on its behalf: they give up. Nobody would
 * hear their answer, or the close would wait for it.
 */
export class Closing {
  private readonly waiting = new Set<() => void>()
  private hasBegun = false

  begin(): void {
    this.hasBegun = true
    for (const giveUp of this.waiting) giveUp()
    this.waiting.clear()
  }

  /** What the work resolves to; null when it closes before. */
  async untilClosing<T>(work: Promise<T>): Promise<T | null> {
    const { promise, resolve } = Promise.withResolvers<null>()
    const giveUp = (): void => resolve(null)
    if (this.hasBegun) giveUp()
    else this.waiting.add(giveUp)
    try {
      return await Promise.race([work, promise])
    } finally {
      this.waiting.delete(giveUp)
    }
  }
}

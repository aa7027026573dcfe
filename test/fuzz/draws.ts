import { seeded } from '../e2e/seeded.ts'

/** What chance decides, from one seed. */
export class Draws {
  private readonly random: () => number

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  /** True so often: 0.1 is one in ten. */
  chance(share: number): boolean {
    return this.random() < share
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }
}

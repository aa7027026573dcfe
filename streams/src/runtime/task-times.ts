import type { PassedTime, StreamTime } from '../task/stream-time.ts'
import { operatorId } from '../plan/operator-id.ts'
import type { OperatorTime } from './offset-metadata.ts'

/**
 * The stream times of one task, by operator. They commit with the step and are restored with it; of several that were
 * committed (the topology had another first input once) the latest counts.
 */
export class TaskTimes {
  private readonly times = new Map<string, OperatorStreamTime>()

  constructor(operators: readonly string[], committed: readonly OperatorTime[]) {
    for (const operator of operators) {
      const id = operatorId(operator)
      const found = committed.filter((time) => time.operator === id)
      const now = Math.max(-1, ...found.map((time) => time.now))
      const closedThrough = Math.max(-1, ...found.map((time) => time.closedThrough))
      this.times.set(operator, new OperatorStreamTime(now, closedThrough))
    }
  }

  /** Null: the plan has no time of this name. */
  of(operator: string): StreamTime | null {
    return this.times.get(operator) ?? null
  }

  /** As they stand, by operator. */
  passed(): ReadonlyMap<string, PassedTime> {
    return new Map(Array.from(this.times, ([operator, { now, closedThrough }]) => [operator, { now, closedThrough }]))
  }

  snapshot(): OperatorTime[] {
    return Array.from(this.times, ([operator, { now, closedThrough }]) => ({
      operator: operatorId(operator),
      now,
      closedThrough,
    }))
  }
}

class OperatorStreamTime implements StreamTime {
  now: number
  closedThrough: number

  constructor(now: number, closedThrough: number) {
    this.now = now
    this.closedThrough = closedThrough
  }

  advance(timestamp: number): void {
    if (timestamp > this.now) this.now = timestamp
  }

  close(windowEnd: number): void {
    if (windowEnd > this.closedThrough) this.closedThrough = windowEnd
  }
}

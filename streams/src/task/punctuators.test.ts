import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { Punctuators } from './punctuators.ts'
import type { StreamTime } from './stream-time.ts'

class Time implements StreamTime {
  now = -1
  closedThrough = -1

  advance(timestamp: number): void {
    this.now = Math.max(this.now, timestamp)
  }

  close(time: number): void {
    this.closedThrough = Math.max(this.closedThrough, time)
  }
}

/** Schedules of one task, over restarts. */
class Task {
  readonly time: Time = new Time()
  clock = 0
  readonly fired: string[] = []
  punctuators = new Punctuators(this.time, () => this.clock)

  stream(name: string, intervalMs: number): { cancel(): void } {
    return this.punctuators.schedule('stream-time', intervalMs, (at) => this.fired.push(`${name}@${at}`))
  }

  wall(name: string, intervalMs: number): { cancel(): void } {
    return this.punctuators.schedule('wall-clock', intervalMs, (at) => this.fired.push(`${name}@${at}`))
  }

  /** Records at these times. Returns what fired. */
  at(...times: readonly number[]): string[] {
    for (const time of times) {
      this.punctuators.advance(time)
      if (this.punctuators.hasDue) this.punctuators.fire()
    }
    return this.fired.splice(0)
  }

  wait(ms: number): string[] {
    this.clock += ms
    this.punctuators.lookAtClock()
    if (this.punctuators.hasDue) this.punctuators.fire()
    return this.fired.splice(0)
  }
}

describe('stream time', () => {
  test('fires with the first record, then past each whole multiple of the interval, once for all that were passed', () => {
    const task = new Task()
    task.stream('s', 10)
    expect(task.at()).toEqual([])
    expect(task.at(3)).toEqual(['s@3'])
    expect(task.at(4, 9, 2)).toEqual([])
    expect(task.at(10)).toEqual(['s@10'])
    expect(task.at(19, 47)).toEqual(['s@47'])
    expect(task.at(49, 50)).toEqual(['s@50'])
  })

  test('a schedule that is made while records come fires at once, as in Kafka', () => {
    const task = new Task()
    task.punctuators.opened()
    task.at(25)
    task.stream('s', 10)
    expect(task.at(26)).toEqual(['s@26'])
    expect(task.at(29, 30)).toEqual(['s@30'])
  })

  test('the oldest tick comes first, then the older schedule', () => {
    const task = new Task()
    task.stream('tens', 10)
    task.stream('fours', 4)
    task.stream('twos', 2)
    expect(task.at(0)).toEqual(['tens@0', 'fours@0', 'twos@0'])
    expect(task.at(11)).toEqual(['twos@11', 'fours@11', 'tens@11'])
  })

  test('a cancelled schedule fires no more, also when it cancels itself', () => {
    const task = new Task()
    const first = task.stream('first', 10)
    const own = task.punctuators.schedule('stream-time', 10, () => {
      task.fired.push('own')
      own.cancel()
    })
    expect(task.at(0)).toEqual(['first@0', 'own'])
    expect(task.at(10)).toEqual(['first@10'])
    first.cancel()
    first.cancel()
    expect(task.at(50)).toEqual([])
    expect(task.punctuators.hasDue).toBe(false)
  })

  test('one cancels another that is due', () => {
    const task = new Task()
    const cancelled: { cancel(): void }[] = []
    task.punctuators.schedule('stream-time', 10, () => cancelled[0]!.cancel())
    cancelled.push(task.stream('never', 10))
    expect(task.at(0, 30)).toEqual([])
  })

  test('a schedule made by a callback takes part at once', () => {
    const task = new Task()
    task.punctuators.opened()
    const outer = task.punctuators.schedule('stream-time', 10, () => {
      task.fired.push('outer')
      outer.cancel()
      task.stream('inner', 10)
    })
    expect(task.at(5)).toEqual(['outer', 'inner@5'])
    expect(task.at(10)).toEqual(['inner@10'])
  })

  property.prop([
    fc.array(fc.nat(200), { maxLength: 40 }),
    fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 3 }),
  ])(
    'restarts between any two records, or between a record and what it made due, change nothing',
    (times, crashes, intervals) => {
      const run = (crash: (index: number) => boolean): string[] => {
        const task = new Task()
        const open = (): void => {
          task.punctuators = new Punctuators(task.time, () => 0)
          for (const [index, interval] of intervals.entries()) task.stream(`s${index}`, interval)
          task.punctuators.opened()
        }
        open()
        for (const [index, time] of times.entries()) {
          task.punctuators.advance(time)
          if (crash(index)) open()
          if (task.punctuators.hasDue) task.punctuators.fire()
          if (crash(index + 1)) open()
        }
        return task.fired
      }
      // Of equal ticks the older schedule goes first, in both.
      expect(run((index) => crashes[index] === true)).toEqual(run(() => false))
    },
  )
})

describe('the wall clock', () => {
  test('fires first after the interval, then at its ticks; those missed are left out', () => {
    const task = new Task()
    task.clock = 1003
    task.wall('w', 10)
    expect(task.wait(9)).toEqual([])
    expect(task.wait(1)).toEqual(['w@1013'])
    expect(task.wait(9)).toEqual([])
    expect(task.wait(26)).toEqual(['w@1048'])
    expect(task.punctuators.nextClockTick).toBe(1053)
    expect(task.wait(5)).toEqual(['w@1053'])
  })

  test('is not looked at where nobody waits for it', () => {
    const punctuators = new Punctuators(new Time(), () => {
      throw new Error('looked')
    })
    punctuators.lookAtClock()
    expect(punctuators.hasDue).toBe(false)
    expect(punctuators.nextClockTick).toBe(Infinity)
  })

  test('goes by itself: stream time fires nothing of it, nor it anything of stream time', () => {
    const task = new Task()
    task.wall('w', 10)
    task.stream('s', 10)
    expect(task.wait(10)).toEqual(['w@10'])
    expect(task.at(5)).toEqual(['s@5'])
    expect(task.at(500)).toEqual(['s@500'])
  })
})

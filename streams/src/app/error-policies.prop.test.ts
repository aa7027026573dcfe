import { describe, expect } from 'vitest'
import { fc, test as property } from '@fast-check/vitest'
import { string } from '@millrace/core'
import type { ErrorHandling } from '../runtime/error-policies.ts'
import { inWorld, type Row } from './app-world.fixtures.ts'

/** What becomes of a record: it goes through, or fails where it is read, processed or written. */
type Fate = 'good' | 'read' | 'process' | 'write'

const refuse = (name: string, value: string): string => {
  if (value.startsWith(name)) throw new RangeError(`${name} fails`)
  return value
}
const inputs = { name: 'inputs', write: string.write, read: (bytes: Uint8Array) => refuse('read', string.read(bytes)) }
const outputs = { name: 'outputs', write: (value: string) => string.write(refuse('write', value)) }

const fates = fc.array(fc.constantFrom<Fate>('good', 'read', 'process', 'write'), { minLength: 1, maxLength: 25 })
const lenient = fc.constantFrom<ErrorHandling>('skip', 'deadLetter')
/** Of the journal's writes while the application runs, those that fail. */
const faults = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 })

describe('whatever fails, whenever the log does', () => {
  property.prop([fates, lenient, lenient, fc.nat(2), lenient, faults, fc.constantFrom(1, 1 << 20)], { numRuns: 60 })(
    'each record is in the output, in the dead letters or dropped: once, in its order',
    (all, read, handling, retry, write, failing, maxUncommittedBytes) =>
      inWorld(async (world) => {
        await world.topics(['in', 'out', 'dead'])
        const rows = all.map((fate, index): Row => [`k${index}`, `${fate} ${index}`, index])
        await world.put('in', rows)
        const process = retry === 0 ? handling : { retry, backoffMs: 10, otherwise: handling }
        const usesDead = [read, handling, write].includes('deadLetter')
        const onError = { read, process, write, ...(usesDead ? { deadLetterTopic: 'dead' } : {}) }
        await using app = world.app(
          (builder) => {
            builder
              .stream('in', { key: string, value: inputs })
              .mapValues((value) => refuse('process', value))
              .to('out', { key: string, value: outputs })
          },
          { onError, maxUncommittedBytes },
        )
        await app.start()
        for (const nth of failing)
          world.world.disk.faults.add({ path: '/log/millrace-journal-*', operation: 'write', nth, error: 'ENOSPC' })
        await app.finished
        world.world.disk.faults.heal()
        const policies = { read, process: handling, write }
        const texts = rows.map(([key, value]) => `${key}=${value}`)
        expect(await world.rows('out')).toEqual(texts.filter((_, index) => all[index] === 'good'))
        expect(await world.rows('dead')).toEqual(
          texts.filter((_, index) => all[index] !== 'good' && policies[all[index] as keyof typeof policies] === 'deadLetter'),
        )
        const { undecodable = 0, failed = 0 } = app.dropped
        expect(undecodable).toBe(all.filter((fate) => fate === 'read').length)
        expect(failed).toBe(all.filter((fate) => fate === 'process' || fate === 'write').length)
      }),
  )
})

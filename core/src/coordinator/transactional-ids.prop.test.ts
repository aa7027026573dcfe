import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { partitionName } from '../base/ids.ts'
import type { TransactionRecord } from './transaction-record.ts'
import type { EndKind, ProducerIdentity } from './transaction-state.ts'
import { TransactionalIds, type Command, type InitAnswer } from './transactional-ids.ts'

/**
 * The coordinator against a plain model of one transactional id, in version 2. The model knows who may do what in words:
 *
 *   TXN-4  only the current identity does anything, and each names one transaction at most
 *   TXN-5  a take-over ends every identity before it
 *   TXN-6  an open transaction can always be aborted
 *   TXN-8  what is decided is completed as it was decided, also by a coordinator that was replayed
 */
const epochLimit = 3
const id = 't'
const week = 8 * 24 * 3_600_000

interface Issued extends ProducerIdentity {
  /** Counts take-overs. */
  readonly owner: number
}

class Model {
  status: 'unknown' | 'idle' | 'open' | 'decided' = 'unknown'
  decision: EndKind = 'abort'
  partitions: string[] = []
  current: Issued | null = null
  owner = 0
  /** Of the last transaction, and how it ended; null once the identity after it was used or taken over. */
  ended: { readonly by: ProducerIdentity; readonly kind: EndKind } | null = null
  readonly issued: Issued[] = []
  now = 1

  issue(identity: ProducerIdentity): void {
    expect(this.issued.map(nameOf), 'no identity is given twice').not.toContain(nameOf(identity))
    expect(identity.producerEpoch, 'the limit is for markers').toBeLessThan(epochLimit)
    this.current = { ...identity, owner: this.owner }
    this.issued.push(this.current)
  }

  decide(kind: EndKind): void {
    this.ended = this.current === null ? null : { by: this.current, kind }
    this.status = 'decided'
    this.decision = kind
    this.current = null
  }

  isCurrent(by: ProducerIdentity): boolean {
    return this.current !== null && nameOf(this.current) === nameOf(by)
  }
}

/** The machine with the log that it was made from. */
class Real {
  machine: TransactionalIds = new TransactionalIds({ epochLimit })
  readonly records: TransactionRecord[] = []
  fresh = 100

  /** Runs a command as the broker does; null when it was refused, and then nothing has changed. */
  run<A>(decide: () => Command<A>): { readonly answer: A; readonly records: number } | null {
    let command: Command<A>
    try {
      command = decide()
    } catch (error) {
      expect((error as { code?: string }).code, String(error)).toBeDefined()
      return null
    }
    if (command.tookProducerId) this.fresh++
    this.queue(command.records)
    return { answer: command.answer, records: command.records.length }
  }

  queue(records: readonly TransactionRecord[]): void {
    this.records.push(...records)
    for (const record of records) this.machine.replay(record)
    const twin = this.replayed()
    expect([...twin.all()]).toEqual([...this.machine.all()])
    expect(twin.ongoing).toEqual(this.machine.ongoing)
    expect(twin.prepared).toEqual(this.machine.prepared)
  }

  /** As after compaction: the last record tells everything. */
  replayed(): TransactionalIds {
    const twin = new TransactionalIds({ epochLimit })
    const last = this.records.at(-1)
    if (last !== undefined) twin.replay(last)
    return twin
  }
}

type Step = fc.Command<Model, Real>

function step(name: string, run: (model: Model, real: Real) => void): Step {
  return {
    check: () => true,
    run: (model, real) => {
      model.now++
      run(model, real)
      expect(real.machine.ongoing.size).toBe(model.status === 'open' ? 1 : 0)
      expect(real.machine.prepared.size).toBe(model.status === 'decided' ? 1 : 0)
    },
    toString: () => name,
  }
}

/** Whoever asks when nobody has the id, whether it was never given or was forgotten, gets what nobody has had. */
function beginAnew(model: Model, done: { readonly answer: InitAnswer } | null): void {
  if (done?.answer.kind !== 'ready') throw new Error('nothing was open')
  model.owner++
  model.ended = null
  model.issue(done.answer.identity)
  model.status = 'idle'
}

const takeOver = step('take over', (model, real) => {
  const done = real.run(() => real.machine.initProducerId({ id, timeoutMs: 1000, by: null }, real.fresh, model.now))
  if (model.status === 'decided') return expect(done).toBeNull()
  expect(done).not.toBeNull()
  if (model.status === 'open') {
    expect(done!.answer.kind).toBe('abortFirst')
    return model.decide('abort')
  }
  beginAnew(model, done)
})

const goOn = (which: number): Step =>
  step(`go on as ${which}`, (model, real) => {
    const by = model.issued.at(-1 - which)
    if (by === undefined) return
    const done = real.run(() => real.machine.initProducerId({ id, timeoutMs: 1000, by }, real.fresh, model.now))
    if (model.status === 'unknown') return beginAnew(model, done)
    if (!model.isCurrent(by)) {
      if (done === null) return
      expect(done.records, 'asking again changes nothing').toBe(0)
      expect(by.owner, 'who was taken over gets nothing').toBe(model.owner)
      expect(done.answer).toEqual({ kind: 'ready', identity: identityOf(model.current!) })
      return
    }
    if (model.status === 'open') return model.decide('abort')
    if (done?.answer.kind !== 'ready') throw new Error('the current producer was refused')
    model.ended = null
    model.issue(done.answer.identity)
  })

const write = (which: number, partition: number): Step =>
  step(`write as ${which} to ${partition}`, (model, real) => {
    const by = model.issued.at(-1 - which)
    if (by === undefined) return
    const place = { topic: 'a', partition }
    const done = real.run(() => real.machine.addPartitions(id, by, [place], 2, model.now))
    if (!model.isCurrent(by)) return expect(done).toBeNull()
    expect(done).not.toBeNull()
    if (model.status === 'idle') model.partitions = []
    model.status = 'open'
    model.ended = null
    if (!model.partitions.includes(partitionName(place))) model.partitions.push(partitionName(place))
  })

const end = (which: number, kind: EndKind): Step =>
  step(`${kind} as ${which}`, (model, real) => {
    const by = model.issued.at(-1 - which)
    if (by === undefined) return
    const done = real.run(() => real.machine.end({ id, by, kind, version: 2 }, real.fresh, model.now))
    if (model.isCurrent(by) && (model.status === 'open' || kind === 'abort')) {
      expect(done?.answer.kind).toBe('decided')
      if (model.status === 'idle') model.partitions = []
      return model.decide(kind)
    }
    if (done === null) return
    expect(done.records, 'only the current identity decides').toBe(0)
    expect(model.status).toBe('idle')
    expect(model.ended).toMatchObject({ by: identityOf(by), kind })
    expect(done.answer).toEqual({ kind: 'repeated', next: identityOf(model.current!) })
  })

const complete = step('complete', (model, real) => {
  const ending = real.machine.ending(id, model.now)
  if (model.status !== 'decided') return expect(ending).toBeNull()
  expect(ending).toMatchObject({ kind: model.decision })
  expect(ending!.partitions.map(partitionName).sort()).toEqual(model.partitions.toSorted())
  expect(ending!.marker.producerEpoch).toBeLessThanOrEqual(epochLimit)
  real.queue([ending!.complete])
  model.issue(ending!.next)
  model.status = 'idle'
})

const timeOut = step('time out', (model, real) => {
  const done = real.machine.abort(id, real.fresh, model.now)
  if (model.status !== 'open') return expect(done).toBeNull()
  real.run(() => done!)
  model.decide('abort')
})

const expire = step('expire', (model, real) => {
  model.now += week
  real.run(() => real.machine.expire(model.now, () => false))
  if (model.status !== 'idle') return
  expect(real.machine.get(id)).toBeUndefined()
  Object.assign(model, { status: 'unknown', current: null, ended: null })
})

const restart = step('restart', (_model, real) => {
  real.machine = real.replayed()
})

const which = fc.nat(3)
const steps = fc.commands<Model, Real>(
  [
    fc.constant(takeOver),
    which.map(goOn),
    fc.tuple(which, fc.nat(2)).map(([by, partition]) => write(by, partition)),
    fc.constant(write(0, 0)),
    fc.tuple(which, fc.constantFrom<EndKind>('commit', 'abort')).map(([by, kind]) => end(by, kind)),
    fc.constant(end(0, 'commit')),
    fc.constant(complete),
    fc.constant(complete),
    fc.constant(timeOut),
    fc.constant(expire),
    fc.constant(restart),
  ],
  { maxCommands: 60, size: 'max' },
)

test.prop([steps], { numRuns: 1000 })('the coordinator does what the model says, and its replay is itself', (commands) => {
  fc.modelRun(() => ({ model: new Model(), real: new Real() }), commands)
})

function identityOf({ producerId, producerEpoch }: ProducerIdentity): ProducerIdentity {
  return { producerId, producerEpoch }
}

function nameOf({ producerId, producerEpoch }: ProducerIdentity): string {
  return `${producerId}/${producerEpoch}`
}

import { apiNames, apiOf, defaultOf, inVersions, rangeOf, type ApiName, type Field, type Fields } from '@millrace/core/testing'
import type { Draws } from './draws.ts'
import { hostileBatch, plainBatch } from './hostile-batches.ts'

/** What requests may speak of, so that some of them hit. */
export interface Surroundings {
  readonly topics: readonly string[]
  readonly topicIds: readonly string[]
}

export interface AnyRequest {
  readonly name: ApiName
  readonly version: number
  readonly message: Readonly<Record<string, unknown>>
}

/** A request that has the right form and says anything: grammar from the schemas, values from pools by what a field is called. */
export function anyRequest(draws: Draws, around: Surroundings): AnyRequest {
  // Records are where most can go wrong.
  const name = draws.chance(0.15) ? 'produce' : draws.pick(apiNames)
  const { versions, request } = apiOf(name)
  const { min, max } = rangeOf(versions)
  const version = min + draws.below(max - min + 1)
  const message = new RequestWriter(draws, around, version).struct(request)
  return { name, version, message: bounded(name, message, draws) }
}

/** Nobody waits for long. */
function bounded(name: ApiName, message: Record<string, unknown>, draws: Draws): Readonly<Record<string, unknown>> {
  if (name === 'fetch') return { ...message, maxWaitMs: draws.below(3), sessionId: draws.chance(0.9) ? 0 : message['sessionId'] }
  if (name === 'produce') return { ...message, acks: draws.chance(0.95) ? -1 : draws.pick([0, 1, 2, -2]) }
  return message
}

const groups = ['g0', 'g1', 'g2', '']
const transactions = ['tx0', 'tx1', '']
const oddTexts = [
  '',
  '.',
  '..',
  '../../x',
  '__proto__',
  'constructor',
  'prototype',
  'a'.repeat(250),
  '\u0000',
  'é',
  '%2e',
  'CON',
  '\\',
  '\u{1f600}',
]
const boldNumbers = [-1, -2, 0x7f, 0xff, 0x7fff, 2 ** 31 - 1, -(2 ** 31), Number.MAX_SAFE_INTEGER, 2 ** 40]

class RequestWriter {
  private readonly draws: Draws
  private readonly around: Surroundings
  private readonly version: number

  constructor(draws: Draws, around: Surroundings, version: number) {
    this.draws = draws
    this.around = around
    this.version = version
  }

  struct(fields: Fields): Record<string, unknown> {
    const message: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(fields))
      message[name] = inVersions(this.version, field.versions) ? this.value(name, field) : defaultOf(field)
    return message
  }

  private value(name: string, field: Field): unknown {
    if (field.nullable !== undefined && inVersions(this.version, field.nullable) && this.draws.chance(0.15)) return null
    if (field.type === 'struct') return this.struct(field.of)
    if (field.type !== 'array') return this.scalar(name, field.type)
    const { of } = field
    const length = this.draws.pick([0, 1, 1, 1, 2, 3])
    return Array.from({ length }, () => (typeof of === 'string' ? this.scalar(name, of) : this.struct(of)))
  }

  private scalar(name: string, type: string): unknown {
    const { draws } = this
    switch (type) {
      case 'string':
        return this.text(name)
      case 'bytes':
        return Buffer.alloc(draws.below(20), draws.below(256))
      case 'records':
        return draws.chance(0.3) ? plainBatch(draws) : hostileBatch(draws)
      case 'bool':
        return draws.chance(0.5)
      case 'uuid':
        return draws.chance(0.8) ? draws.pick(this.around.topicIds) : `${'0'.repeat(31)}${draws.below(4)}`
      case 'float64':
        return draws.pick([0, 1, -1, 1e300, 0.5])
      default:
        return this.number(type)
    }
  }

  private text(name: string): string {
    const { draws } = this
    if (draws.chance(0.1)) return draws.pick(oddTexts)
    if (/transaction/i.test(name)) return draws.pick(transactions)
    if (/group|key/i.test(name)) return draws.pick(groups)
    if (/protocol/i.test(name)) return draws.pick(['consumer', 'range'])
    if (/member|instance/i.test(name)) return draws.pick(['', 'm'])
    return draws.pick(this.around.topics)
  }

  private number(type: string): number {
    const { draws } = this
    const [least, most] = ranges[type] ?? [0, 0]
    const drawn = draws.chance(0.75) ? draws.below(4) : draws.chance(0.5) ? -1 : draws.pick(boldNumbers)
    return Math.max(least, Math.min(most, drawn))
  }
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}

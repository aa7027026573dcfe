import { describe, expect, test } from 'vitest'
import { ClientQuotas, type QuotaEntity } from './client-quotas.ts'

function quotasOf(...rows: readonly (readonly [QuotaEntity, Readonly<Record<string, number | null>>])[]): ClientQuotas {
  const quotas = new ClientQuotas()
  for (const [entity, changes] of rows) for (const record of quotas.alter(entity, changes)) quotas.replay(record)
  return quotas
}

const invalid = expect.objectContaining({ code: 'INVALID_QUOTA' })

describe('client quotas', () => {
  test('are there once their record is replayed, and gone with their last value', () => {
    const quotas = new ClientQuotas()
    const [record] = quotas.alter({ user: 'alice' }, { producer_byte_rate: 1_000, request_percentage: 12.5 })
    expect(quotas.of({ user: 'alice' })).toEqual({})
    quotas.replay(record!)
    expect(quotas.of({ user: 'alice' })).toEqual({ producer_byte_rate: 1_000, request_percentage: 12.5 })
    expect(quotas.has('request_percentage')).toBe(true)
    for (const one of quotas.alter({ user: 'alice' }, { request_percentage: null })) quotas.replay(one)
    expect(quotas.of({ user: 'alice' })).toEqual({ producer_byte_rate: 1_000 })
    expect(quotas.has('request_percentage')).toBe(false)
    const [last] = quotas.alter({ user: 'alice' }, { producer_byte_rate: null })
    expect(last!.value).toBeNull()
    quotas.replay(last!)
    expect(quotas.find([], false)).toEqual([])
    expect(quotas.has('producer_byte_rate')).toBe(false)
  })

  test('that do not change are not written', () => {
    const quotas = quotasOf([{ user: 'alice' }, { producer_byte_rate: 1_000 }])
    expect(quotas.alter({ user: 'alice' }, { producer_byte_rate: 1_000, consumer_byte_rate: null, no_such_quota: null })).toEqual(
      [],
    )
  })

  test.each<[string, QuotaEntity, Readonly<Record<string, number | null>>]>([
    ['nobody', {}, { producer_byte_rate: 1 }],
    ['an unknown type', { host: 'a' } as QuotaEntity, { producer_byte_rate: 1 }],
    ['an empty name', { user: '' }, { producer_byte_rate: 1 }],
    ['a name without end', { user: 'x'.repeat(1_025) }, { producer_byte_rate: 1 }],
    ['an address and a user', { ip: '127.0.0.1', user: 'a' }, { connection_creation_rate: 1 }],
    ['no address', { ip: '300.1.1.1' }, { connection_creation_rate: 1 }],
    ['a host', { ip: 'localhost' }, { connection_creation_rate: 1 }],
    ['an unknown quota', { user: 'a' }, { no_such_quota: 1 }],
    ['what every object has', { user: 'a' }, { constructor: 1 }],
    ['a quota of addresses for a user', { user: 'a' }, { connection_creation_rate: 1 }],
    ['a quota of users for an address', { ip: '::1' }, { producer_byte_rate: 1 }],
    ['zero', { user: 'a' }, { producer_byte_rate: 0 }],
    ['less', { user: 'a' }, { request_percentage: -1 }],
    ['no number', { user: 'a' }, { request_percentage: Number.NaN }],
    ['infinity', { user: 'a' }, { request_percentage: Infinity }],
    ['half a byte', { user: 'a' }, { producer_byte_rate: 1.5 }],
    ['one wrong among right ones', { user: 'a' }, { consumer_byte_rate: 1, producer_byte_rate: 0 }],
  ])('refuse %s', (_what, entity, changes) => {
    expect(() => new ClientQuotas().alter(entity, changes)).toThrow(invalid)
  })

  test('hold for whom they name, the most particular one first', () => {
    const rows: readonly QuotaEntity[] = [
      { user: 'alice', 'client-id': 'app' },
      { user: 'alice', 'client-id': null },
      { user: 'alice' },
      { user: null, 'client-id': 'app' },
      { user: null, 'client-id': null },
      { user: null },
      { 'client-id': 'app' },
      { 'client-id': null },
    ]
    for (let first = 0; first < rows.length; first++) {
      const left = rows.slice(first)
      const quotas = quotasOf(...left.map((entity, index) => [entity, { producer_byte_rate: index + 1 }] as const))
      expect(quotas.boundOf('producer_byte_rate', 'alice', 'app')?.value).toBe(1)
    }
    expect(new ClientQuotas().boundOf('producer_byte_rate', 'alice', 'app')).toBeUndefined()
  })

  test("are shared by all clients of a user, or all users of a client id; a default is each one's own", () => {
    const shared = (entity: QuotaEntity, user: string, clientId: string): string =>
      quotasOf([entity, { producer_byte_rate: 1 }]).boundOf('producer_byte_rate', user, clientId)!.sharedBy
    expect(shared({ user: 'alice' }, 'alice', 'a')).toBe(shared({ user: 'alice' }, 'alice', 'b'))
    expect(shared({ user: null }, 'alice', 'a')).not.toBe(shared({ user: null }, 'bob', 'a'))
    expect(shared({ 'client-id': 'a' }, 'alice', 'a')).toBe(shared({ 'client-id': 'a' }, 'bob', 'a'))
    const each = { user: 'alice', 'client-id': null }
    expect(shared(each, 'alice', 'a')).not.toBe(shared(each, 'alice', 'b'))
  })

  test('of an address are found however it is written', () => {
    const quotas = quotasOf(
      [{ ip: '10.0.0.1' }, { connection_creation_rate: 5 }],
      [{ ip: '2001:DB8:0::1' }, { connection_creation_rate: 6 }],
      [{ ip: null }, { connection_creation_rate: 7 }],
    )
    const rate = (ip: string): number | undefined => quotas.boundOfAddress('connection_creation_rate', ip)?.value
    expect(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '10.0.0.2'].map(rate)).toEqual([5, 5, 6, 7])
  })

  test('are found by a filter', () => {
    const rows: readonly QuotaEntity[] = [
      { user: 'alice' },
      { user: null },
      { user: 'alice', 'client-id': 'app' },
      { 'client-id': 'app' },
    ]
    const quotas = quotasOf(...rows.map((entity) => [entity, { producer_byte_rate: 1 }] as const))
    const found = (...of: Parameters<ClientQuotas['find']>): unknown => quotas.find(...of).map(({ entity }) => entity)
    const alice = { type: 'user', name: 'alice', isAny: false } as const
    expect(found([alice], false)).toEqual([{ user: 'alice' }, { user: 'alice', 'client-id': 'app' }])
    expect(found([alice], true)).toEqual([{ user: 'alice' }])
    expect(found([{ type: 'user', name: null, isAny: false }], true)).toEqual([{ user: null }])
    expect(found([{ type: 'client-id', name: null, isAny: true }], false)).toEqual([
      { user: 'alice', 'client-id': 'app' },
      { 'client-id': 'app' },
    ])
    expect(found([], false)).toEqual(rows)
    expect(found([], true)).toEqual([])
  })

  test('of another version are not read', () => {
    for (const [key, value] of [
      ['quota/{"user":"a"}', '{"v":2}'],
      ['quota/{"user":"a"}', '{'],
      ['quota/a', '{"v":1,"values":{}}'],
    ] as const)
      expect(() => new ClientQuotas().replay({ key, value })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }))
  })
})

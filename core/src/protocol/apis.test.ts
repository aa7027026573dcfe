import { describe, expect, expectTypeOf, test } from 'vitest'
import { advertisedVersions } from './api.ts'
import { apiNameOf, apiNames, apiOf, apis, type RequestDraft, type RequestOf, type ResponseOf } from './apis.ts'
import { leastElementSize } from './least-size.ts'
import type { Fields } from './schema.ts'
import { inVersions, rangeOf } from './versions.ts'

describe('apis', () => {
  test('each has its key, and is found by it', () => {
    expect(new Set(apiNames.map((name) => apiOf(name).key)).size).toBe(apiNames.length)
    for (const name of apiNames) expect(apiNameOf(apiOf(name).key)).toBe(name)
    expect(apiNameOf(4)).toBeUndefined()
    expect(apiNameOf(-1)).toBeUndefined()
  })

  test('what is advertised contains what is served, and begins where old clients look', () => {
    for (const name of apiNames) {
      const served = rangeOf(apiOf(name).versions)
      const { min, max } = advertisedVersions(apiOf(name))
      expect(max).toBe(served.max)
      expect(min).toBeLessThanOrEqual(served.min)
    }
    // The versions by which librdkafka 2.0 knows what a broker can do.
    const asked = {
      produce: [0, 3, 7],
      fetch: [4, 10],
      findCoordinator: [0],
      listOffsets: [1],
      initProducerId: [0],
      saslHandshake: [0, 1],
      saslAuthenticate: [0],
      joinGroup: [0],
      syncGroup: [0],
      heartbeat: [0],
      leaveGroup: [0],
      offsetCommit: [2],
      offsetFetch: [1],
      metadata: [0],
      apiVersions: [0],
    } as const
    for (const [name, versions] of Object.entries(asked)) {
      const { min, max } = advertisedVersions(apiOf(name as keyof typeof asked))
      for (const version of versions) expect(version >= min && version <= max, `${name} v${version}`).toBe(true)
    }
  })

  test('no element of an array takes no bytes, so that every count is bounded', () => {
    let arrays = 0
    const check = (fields: Fields, version: number, flexible: boolean, place: string): void => {
      for (const [name, field] of Object.entries(fields)) {
        if (field.type !== 'array' && field.type !== 'struct') continue
        if (!inVersions(version, field.versions)) continue
        if (field.type === 'array') {
          arrays++
          expect(leastElementSize(field.of, version, flexible), `${place}.${name}`).toBeGreaterThan(0)
        }
        if (typeof field.of !== 'string') check(field.of, version, flexible, `${place}.${name}`)
      }
    }
    for (const name of apiNames) {
      const api = apiOf(name)
      const { min, max } = rangeOf(api.versions)
      for (let version = min; version <= max; version++)
        for (const kind of ['request', 'response'] as const)
          check(api[kind], version, inVersions(version, api.flexible), `${name} v${version}`)
    }
    expect(arrays).toBeGreaterThan(500)
  })

  test('the types of a message are those of its fields', () => {
    expectTypeOf<ResponseOf<'heartbeat'>>().toEqualTypeOf<{ readonly throttleTimeMs: number; readonly errorCode: number }>()
    expectTypeOf<RequestDraft<'saslAuthenticate'>>().toEqualTypeOf<{ readonly authBytes: Uint8Array }>()
    type Wanted = NonNullable<RequestOf<'metadata'>['topics']>[number]
    expectTypeOf<Wanted>().toEqualTypeOf<{ readonly topicId: string; readonly name: string | null }>()
  })

  test('the types say what may be left out', () => {
    const draft: RequestDraft<'produce'> = {
      acks: 1,
      timeoutMs: 1,
      topicData: [{ partitionData: [{ index: 0, records: null }] }],
    }
    // @ts-expect-error acks has no default
    const missing: RequestDraft<'produce'> = { timeoutMs: 1, topicData: [] }
    // @ts-expect-error it is a number
    const wrong: RequestDraft<'produce'> = { acks: '1', timeoutMs: 1, topicData: [] }
    // @ts-expect-error topics may be asked for without a list, their names in a list may not be without
    const inner: RequestDraft<'offsetDelete'> = { groupId: 'g', topics: [{ partitions: [] }] }
    const whole = (response: ResponseOf<'metadata'>): readonly (string | null)[] => response.topics.map(({ name }) => name)
    expect([draft, missing, wrong, inner, whole]).toHaveLength(5)
    expect(apis.produce.key).toBe(0)
  })
})

import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { compareByBytes, sortByBytes } from './byte-order.ts'
import { KeyTexts, KeyValueRowKeys, windowRow, WindowRowKeys, writtenOf, type RowKeys } from './row-keys.ts'
import { Scratch } from './scratch.ts'
import { jsonSerde, numberSerde, textSerde } from './state.fixtures.ts'

const bytesSerde = {
  name: 'bytes',
  write: (value: Uint8Array): Uint8Array => value,
  read: (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes),
}
const start = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })

function engineKey(keys: RowKeys, row: string): Uint8Array {
  const scratch = new Scratch()
  return new Uint8Array(scratch.bytes(0, keys.writeEngineKey(row, scratch, 0)))
}

function bytesOf(written: Uint8Array | string): Uint8Array {
  return new Uint8Array(Buffer.from(written as string))
}

describe('a key-value row', () => {
  test.prop([fc.string({ unit: 'binary' })])('with a text key comes back from engine and changelog as the same row', (key) => {
    const keys = new KeyValueRowKeys<string>(textSerde)
    const row = keys.keys.textOf(key)
    expect(keys.rowOfEngineKey(engineKey(keys, row))).toBe(row)
    expect(keys.rowOfChangelogKey(bytesOf(keys.changelogKey(row)))).toBe(row)
    expect(engineKey(keys, row)).toEqual(bytesOf(keys.changelogKey(row)))
    expect(keys.keys.keyOf(row)).toBe(key.toWellFormed())
  })

  test.prop([fc.uint8Array()])('with a key of bytes comes back from engine and changelog as the same row', (key) => {
    const keys = new KeyValueRowKeys<Uint8Array>(bytesSerde)
    const row = keys.keys.textOf(key)
    expect(engineKey(keys, row)).toEqual(key)
    expect(keys.rowOfEngineKey(key)).toBe(row)
    expect(bytesOf(keys.changelogKey(row))).toEqual(key)
    expect(keys.keys.keyOf(row)).toEqual(key)
  })

  test('with a text key never meets one with a key of bytes', () => {
    const texts = new KeyTexts<string>(textSerde)
    const bytes = new KeyTexts<Uint8Array>(bytesSerde)
    expect(texts.textOf('\0ba')).not.toBe(bytes.textOf(Uint8Array.of(97)))
    expect(texts.textOf('\0sa')).not.toBe(texts.textOf('a'))
  })

  test('takes another spelling of its key as the same key', () => {
    const keys = new KeyValueRowKeys(jsonSerde)
    expect(keys.rowOfChangelogKey(Buffer.from('{ "a" : 1 }'))).toBe(keys.keys.textOf({ a: 1 }))
  })

  test('counts a lone surrogate as what UTF-8 makes of it', () => {
    const keys = new KeyTexts<string>(textSerde)
    expect(keys.textOf('a\ud800')).toBe(keys.textOf('a\ufffd'))
  })
})

describe('a window row', () => {
  const windowOf = (serde: typeof textSerde | typeof numberSerde): WindowRowKeys<string | number> => new WindowRowKeys(serde)

  test.prop([fc.string({ unit: 'binary' }), start])('comes back from engine and changelog as the same row', (key, at) => {
    const keys = windowOf(textSerde)
    const row = windowRow(at, keys.keys.textOf(key))
    expect(keys.rowOfEngineKey(engineKey(keys, row))).toBe(row)
    expect(keys.rowOfChangelogKey(bytesOf(keys.changelogKey(row)))).toBe(row)
  })

  test.prop([fc.double({ noNaN: true }), start])('with a key of bytes comes back as the same row', (key, at) => {
    const keys = windowOf(numberSerde)
    const row = windowRow(at, keys.keys.textOf(key))
    expect(keys.rowOfEngineKey(engineKey(keys, row))).toBe(row)
    expect(keys.rowOfChangelogKey(bytesOf(keys.changelogKey(row)))).toBe(row)
  })

  test.prop([start, start])('stands in the engine in the order of time', (a, b) => {
    const keys = windowOf(textSerde)
    const [first, second] = [a, b].map((at) => engineKey(keys, windowRow(at, '')))
    expect(Math.sign(Buffer.compare(first!, second!))).toBe(Math.sign(a - b))
  })

  test('has the changelog key of Kafka Streams: key, start, sequence number', () => {
    const keys = windowOf(textSerde)
    const key = keys.changelogKey(windowRow(3_600_000, 'ORD'))
    expect(Buffer.from(key).toString('hex')).toBe(['4f5244', '000000000036ee80', '00000000'].join(''))
  })

  test('refuses a changelog key that is too short to be one', () => {
    expect(() => windowOf(textSerde).rowOfChangelogKey(Buffer.alloc(11))).toThrow('a window key of 11 bytes')
  })
})

describe('the order of bytes', () => {
  test.prop([fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })])('of two texts is that of their UTF-8', (a, b) => {
    const [first, second] = [a.toWellFormed(), b.toWellFormed()]
    expect(Math.sign(compareByBytes(first, second))).toBe(Math.sign(Buffer.compare(Buffer.from(first), Buffer.from(second))))
  })

  test('puts a pair of surrogates above all other texts', () => {
    expect(sortByBytes(['\u{1f600}', '\uffff', 'z', '\ue000'])).toEqual(['z', '\ue000', '\uffff', '\u{1f600}'])
  })

  test('of byte keys is that of the bytes', () => {
    const keys = new KeyTexts<Uint8Array>(bytesSerde)
    const texts = [[255], [1, 0], [1], []].map((bytes) => keys.textOf(Uint8Array.from(bytes)))
    expect(sortByBytes(texts).map((text) => [...Buffer.from(writtenOf(text) as Uint8Array)])).toEqual([[], [1], [1, 0], [255]])
  })
})

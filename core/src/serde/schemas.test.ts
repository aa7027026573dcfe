import { create, createFileRegistry, fromBinary, toBinary, type DescMessage } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type avsc from 'avsc'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { avro } from './avro.ts'
import { json } from './json.ts'
import { protobuf } from './protobuf.ts'
import type { Serde } from './serde.ts'
import type { StandardSchema } from './standard-schema.ts'

function bytesOf<T>(serde: Serde<T>, value: T): Uint8Array {
  return Buffer.from(serde.write(value))
}

function again<T>(serde: Serde<T>, value: T): T {
  return serde.read(bytesOf(serde, value))
}

describe('JSON checked by a schema', () => {
  const order = json(z.object({ id: z.string(), lines: z.array(z.object({ count: z.number().int() })) }))

  test('takes its type from the schema, and what fits through', () => {
    expectTypeOf(order).toEqualTypeOf<Serde<{ id: string; lines: { count: number }[] }>>()
    expect(again(order, { id: 'a', lines: [{ count: 2 }] })).toEqual({ id: 'a', lines: [{ count: 2 }] })
    expect(order.name).toBe('json(zod)')
  })

  test('says where a value is not what it should be, written or read', () => {
    expect(() => order.write({ id: 'a', lines: [{ count: 0.5 }] })).toThrow(/^json\(zod\): lines\.0\.count: /)
    expect(() => order.read(Buffer.from('{"id":7,"lines":[]}'))).toThrow(/^json\(zod\): id: /)
    expect(() => order.read(Buffer.from('{"id":'))).toThrow(/^json\(zod\): /)
  })

  test('refuses a schema that changes types, and one that checks asynchronously', () => {
    // @ts-expect-error its input is a string and its output a number
    json(z.string().transform(Number))
    const slow = json(z.string().refine(() => Promise.resolve(true)))
    expect(() => slow.write('x')).toThrow(/asynchronously/)
  })

  test('shows the first three of many flaws', () => {
    const issues = ['a', 'b', 'c', 'd'].map((at) => ({ message: 'wrong', path: [{ key: at }] }))
    const never: StandardSchema<string> = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } }
    expect(() => json(never).write('x')).toThrow('json(test): a: wrong; b: wrong; c: wrong')
  })
})

describe('Avro', () => {
  const fields: avsc.schema.RecordType['fields'] = [{ name: 'id', type: 'string' }]
  const first: avsc.Schema = { type: 'record', name: 'Order', fields }
  const second: avsc.Schema = { ...first, fields: [...fields, { name: 'count', type: 'long', default: 1 }] }

  test('is the value alone, in Avro’s binary encoding', () => {
    const serde = avro<{ id: string }>(first)
    expect(serde.name).toBe('avro(Order)')
    expect([...bytesOf(serde, { id: 'ab' })]).toEqual([4, 97, 98])
    expect(again(serde, { id: 'ü' })).toMatchObject({ id: 'ü' })
  })

  test('reads what older schemas wrote, when they are given', () => {
    const one = avro<{ id: string }>(first, { older: [] })
    const two = avro<{ id: string; count: number }>(second, { older: [first] })
    expect(two.read(bytesOf(one, { id: 'a' }))).toMatchObject({ id: 'a', count: 1 })
    expect(again(two, { id: 'a', count: 2 ** 40 })).toMatchObject({ id: 'a', count: 2 ** 40 })
    expect(() => one.read(bytesOf(two, { id: 'a', count: 2 }))).toThrow(/version 1 is not one of 1/)
    expect(() => one.read(new Uint8Array())).toThrow(/version none/)
  })

  test('refuses what the schema does not allow, and bytes that are something else', () => {
    const serde = avro<{ id: string }>(first)
    expect(() => serde.write({ id: 7 } as never)).toThrow(/^avro\(Order\): /)
    expect(() => serde.read(Buffer.from([40, 97]))).toThrow(/^avro\(Order\): /)
    expect(() => serde.read(Buffer.from([2, 97, 98]))).toThrow(/^avro\(Order\): /)
    expect(() => avro({ type: 'nothing' } as never)).toThrow(/nothing/)
  })
})

describe('Protocol Buffers', () => {
  const field = { label: FieldDescriptorProto_Label.OPTIONAL }
  const file = create(FileDescriptorProtoSchema, {
    name: 'order.proto',
    package: 'shop',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Order',
        field: [
          { ...field, name: 'id', jsonName: 'id', number: 1, type: FieldDescriptorProto_Type.STRING },
          { ...field, name: 'count', jsonName: 'count', number: 2, type: FieldDescriptorProto_Type.INT32 },
        ],
      },
    ],
  })
  const order = createFileRegistry(file, () => undefined).getMessage('shop.Order') as DescMessage
  const serde = protobuf(order)

  test('gives back what was written, and is what others read', () => {
    const message = create(order, { id: 'a', count: 3 })
    expect(again(serde, message)).toEqual(message)
    expect(fromBinary(order, bytesOf(serde, message))).toEqual(message)
    expect(serde.read(toBinary(order, message))).toEqual(message)
    expect(serde.name).toBe('protobuf(shop.Order)')
  })

  test('refuses values and bytes that are none', () => {
    expect(() => serde.write({ $typeName: 'shop.Order', id: 7 } as never)).toThrow(/^protobuf\(shop\.Order\): /)
    expect(() => serde.read(Buffer.from([0x0a, 40, 97]))).toThrow(/^protobuf\(shop\.Order\): /)
  })
})

import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import type { Disk } from '../base/disk.ts'
import { ServerCertificates } from './server-certificates.ts'

const pem = (name: string): string => readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8')

function certificates(): { files: Map<string, string>; own: ServerCertificates; errors: unknown[] } {
  const files = new Map([
    ['chain', pem('server.pem')],
    ['key', pem('server.key')],
  ])
  const errors: unknown[] = []
  const disk = {
    readFile: (path: string): Uint8Array => {
      const text = files.get(path)
      if (text === undefined) throw new Error('ENOENT')
      return Buffer.from(text)
    },
  } as Disk
  const places = { certificate: { file: 'chain' }, key: { file: 'key' }, clients: 'none' } as const
  return { files, own: new ServerCertificates(disk, places, (error) => void errors.push(error)), errors }
}

describe('SEC-6: certificates that change', () => {
  test('are the same object as long as they are the same, and another one afterwards', () => {
    const { files, own, errors } = certificates()
    const first = own.current()
    expect(own.current()).toBe(first)
    files.set('chain', pem('server-renewed.pem'))
    const second = own.current()
    expect(second.certificate).toBe(pem('server-renewed.pem'))
    expect(own.current()).toBe(second)
    expect(errors).toEqual([])
  })

  test.each([
    ['half of a file', (files: Map<string, string>) => files.set('chain', pem('server-renewed.pem').slice(0, 200))],
    ['an empty file', (files: Map<string, string>) => files.set('chain', '')],
    ['no file', (files: Map<string, string>) => files.delete('chain')],
    ['a key of another certificate', (files: Map<string, string>) => files.set('key', pem('client.key'))],
  ])('%s is reported once and changes nothing, until all is good again', (_, spoil) => {
    const { files, own, errors } = certificates()
    const first = own.current()
    spoil(files)
    for (let round = 0; round < 3; round++) expect(own.current()).toBe(first)
    expect(errors).toHaveLength(1)
    files.set('chain', pem('server-renewed.pem')).set('key', pem('server.key'))
    expect(own.current().certificate).toBe(pem('server-renewed.pem'))
    expect(errors).toHaveLength(1)
  })
})

import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { asJsonLines, print } from './print.ts'

const row = {
  airport: 'SFO',
  name: 'San Francisco International',
  city: 'San Francisco',
  state: 'CA',
  day: '2001-01-01',
  flights: 3,
  late: 1,
  totalDelay: 30,
  worstDelay: 25,
}

test('print writes one row a line', async () => {
  const to = new PassThrough()
  await print(asJsonLines([row, { ...row, day: '2001-01-02' }]), to)
  to.end()
  const lines = (await text(to)).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toBe(
    '{"airport":"SFO","name":"San Francisco International","city":"San Francisco","state":"CA",' +
      '"day":"2001-01-01","flights":3,"late":1,"totalDelay":30,"worstDelay":25}',
  )
})

test('print ends in peace when the reader has gone', async () => {
  await expect(print(['a\n', 'b\n'], failing('EPIPE'))).resolves.toBeUndefined()
  await expect(print(['a\n', 'b\n'], failing('EIO'))).rejects.toThrow('EIO')
})

function failing(code: string): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) })
}

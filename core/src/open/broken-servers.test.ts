import { connect as connectTo, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import { encodeResponse } from '../protocol/response-frame.ts'
import { openRequest } from '../protocol/request-frame.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { connectLog, type ConnectLogOptions } from './connect-log.ts'
import { embeddedLog } from './embedded-log.ts'
import { serveLog } from './serve-log.ts'

/** A server that does with a connection what it is told; its port. */
async function serverThat(does: (socket: Socket) => void, work: (place: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    does(socket)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  try {
    await work(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => void server.close(resolve))
  }
}

function connect(place: string, more: Partial<ConnectLogOptions> = {}): Promise<LogClient> {
  return connectLog({ bootstrapServers: place, connectTimeoutMs: 2_000, requestTimeoutMs: 2_000, timeoutMs: 0, ...more })
}

const hello = Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46])

test('where nobody listens, it is said so', async () => {
  let free = ''
  await serverThat(
    () => {},
    async (place) => {
      free = place
    },
  )
  await expect(connect(free)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE', where: free })
  await expect(connect('here')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await expect(connect('here:99999')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test.each([
  ['that speaks HTTP', (socket: Socket) => socket.once('data', () => socket.end(hello)), 'NO_KAFKA_SERVER', /HTTP/],
  ['that wants TLS', (socket: Socket) => socket.once('data', () => socket.end(alert)), 'NO_KAFKA_SERVER', /TLS/],
  ['that hangs up', (socket: Socket) => socket.once('data', () => socket.destroy()), 'SERVER_UNREACHABLE', /hung up|ended|reset/],
  ['that says nothing', () => {}, 'SERVER_UNREACHABLE', /does not say/],
  [
    'that answers garbage',
    (socket: Socket) => socket.once('data', () => socket.write(Buffer.alloc(64, 7))),
    'NO_KAFKA_SERVER',
    /./,
  ],
  [
    'that answers another request',
    (socket: Socket) => socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 6, 0, 0, 0, 99, 0, 0]))),
    'NO_KAFKA_SERVER',
    /answers request 99, and 1 is to be answered/,
  ],
  [
    'whose answer ends early',
    (socket: Socket) => socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 6, 0, 0, 0, 1, 0, 0]))),
    'NO_KAFKA_SERVER',
    /ApiVersionsResponse/,
  ],
])('a server %s is told apart, and nothing hangs', async (_, does, code, message) => {
  await serverThat(does, async (place) => {
    const error: unknown = await connect(place, { connectTimeoutMs: 200 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), where: place })
  })
})

/** A server that says it speaks these APIs, and answers no other request. */
function speaking(apiKeys: readonly { apiKey: number; minVersion: number; maxVersion: number }[]): (socket: Socket) => void {
  return (socket) => {
    const frames = new FrameSplitter(1 << 20)
    socket.on('data', (chunk) => {
      frames.push(chunk)
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
        const request = openRequest(frame)
        if (request.kind !== 'known' || request.name !== 'apiVersions') continue
        const { chunks } = encodeResponse('apiVersions', request.version, request.correlationId, { errorCode: 0, apiKeys })
        for (const one of chunks) socket.write(one)
      }
    })
  }
}

test('a server that is too old is told apart, and one that answers no more is left', async () => {
  await serverThat(speaking([{ apiKey: 18, minVersion: 0, maxVersion: 3 }]), async (place) => {
    await expect(connect(place)).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringContaining('Metadata'),
    })
  })
  const metadata = { apiKey: 3, minVersion: 0, maxVersion: 9 }
  await serverThat(speaking([metadata]), async (place) => {
    await expect(connect(place, { requestTimeoutMs: 100 })).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT', where: place })
  })
})

test('what a server that goes away was asked is not known; once it is back, the client goes on', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-gone-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    const first = await serveLog(log, { listeners: [{ port: 0 }] })
    const { port } = first.places[0]!
    await using client = await connect(`127.0.0.1:${port}`, { timeoutMs: 20_000 })
    await client.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await client.producer()
    producer.append('t', null, 'before')
    await producer.flush()
    const consumer = await client.consumer()
    await consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    expect(await consumer.poll({ timeoutMs: 5_000 })).toHaveLength(1)
    await first.close()
    producer.append('t', null, 'meanwhile')
    const flushed = producer.flush()
    await using second = await serveLog(log, { listeners: [{ port }] })
    await flushed
    expect(second.places[0]!.port).toBe(port)
    const values: string[] = []
    while (values.length < 1)
      for (const batch of await consumer.poll({ timeoutMs: 1_000 })) batch.forEach(({ value }) => values.push(String(value)))
    expect(values).toEqual(['meanwhile'])
    expect(await log.admin.listOffsets([{ topic: 't', partition: 0, at: 'latest' }])).toEqual([2])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Passes bytes on, and cuts the connection after so many from the server. */
function cuttingProxy(port: number, bytes: number): (socket: Socket) => void {
  return (client) => {
    const server = connectTo({ host: '127.0.0.1', port })
    let left = bytes
    const cut = (): void => {
      client.destroy()
      server.destroy()
    }
    client.on('data', (chunk) => server.write(chunk)).on('close', cut)
    server
      .on('data', (chunk) => {
        client.write(chunk.subarray(0, Math.max(0, left)))
        left -= chunk.length
        if (left <= 0) client.end(() => cut())
      })
      .on('close', cut)
      .on('error', cut)
  }
}

test('over a connection that breaks again and again every record comes once, and in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-cut-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await log.admin.createTopics([{ topic: 't', partitions: 3 }])
    const proxy = createServer()
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    await using served = await serveLog(log, { listeners: [{ port: 0, advertised: { host: '127.0.0.1', port } }] })
    let connections = 0
    proxy.on('connection', (socket) => {
      connections++
      socket.on('error', () => {})
      cuttingProxy(served.places[0]!.port, 2_500)(socket)
    })
    await using client = await connect(`127.0.0.1:${port}`, { timeoutMs: 30_000 })
    const producer = await client.producer()
    const wanted = Array.from({ length: 3 }, () => [] as string[])
    const sent: Promise<unknown>[] = []
    for (let n = 0; n < 240; n++) {
      const partition = n % 3
      wanted[partition]!.push(`${n}`)
      const batch = producer.batch('t', partition)
      batch.append(null, `${n}`, 1)
      sent.push(producer.send(batch))
    }
    await Promise.all(sent)
    const reader = await log.consumer()
    await reader.assign([0, 1, 2].map((partition) => ({ topic: 't', partition, offset: 0 })))
    const seen = Array.from({ length: 3 }, () => [] as string[])
    for (let batches = await reader.poll(); batches.length > 0; batches = await reader.poll())
      for (const batch of batches) batch.forEach(({ value }) => seen[batch.partition]!.push(String(value)))
    expect(seen).toEqual(wanted)
    expect(connections).toBeGreaterThan(3)
    proxy.close()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Bytes that no codec makes shorter. */
function noise(count: number): Uint8Array {
  let state = 1
  return Buffer.alloc(count).map(() => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state >> 16
  })
}

test('a batch that is too large for its topic goes in halves; a record that is too large is refused alone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-halves-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'max.message.bytes': '2000' } }])
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using client = await connect(`127.0.0.1:${served.places[0]!.port}`)
    for (const compression of ['none', 'gzip'] as const) {
      const producer = await client.producer({ compression })
      const wanted = Array.from({ length: 500 }, (_, n) => `${compression} ${n} ${(n * 7919) % 10_007} ${'x'.repeat(n % 60)}`)
      for (const value of wanted) producer.append('t', null, value)
      producer.append('t', null, noise(4_000))
      producer.append('t', null, `${compression} last`)
      await expect(producer.flush()).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
      const reader = await log.consumer()
      await reader.assign([{ topic: 't', partition: 0, offset: 0 }])
      const seen: string[] = []
      for (let batches = await reader.poll(); batches.length > 0; batches = await reader.poll())
        for (const batch of batches) batch.forEach(({ value }) => seen.push(String(value)))
      const own = seen.filter((value) => value.startsWith(compression))
      expect(own).toEqual([...wanted, `${compression} last`])
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

import { describe, expect, test } from 'vitest'
import { NetError, type NetListener, type NetSocket } from '../base/net.ts'
import { NodeNet } from './node-net.ts'

const net = new NodeNet()
const loopback = { host: '127.0.0.1', port: 0 }

/** A listener that echoes, and gives the sockets that it has taken. */
async function echoing(): Promise<{ listener: NetListener; taken: NetSocket[] }> {
  const taken: NetSocket[] = []
  const listener = await net.listen(loopback, (socket) => {
    taken.push(socket)
    socket.start({
      onData: (chunk) => void socket.write([chunk]),
      onDrain: () => {},
      onEnd: () => socket.end(),
      onClose: () => {},
    })
  })
  return { listener, taken }
}

/** Everything that comes until the socket is closed. */
function heard(socket: NetSocket): { bytes: Buffer[]; closed: Promise<Error | null> } {
  const bytes: Buffer[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error | null>()
  socket.start({ onData: (chunk) => void bytes.push(Buffer.from(chunk)), onDrain: () => {}, onEnd: () => {}, onClose: resolve })
  return { bytes, closed }
}

describe('sockets of this machine', () => {
  test('carry chunks in their order, and end on both sides', async () => {
    const { listener, taken } = await echoing()
    const socket = await net.connect(listener.place)
    const { bytes, closed } = heard(socket)
    socket.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')])
    socket.write([Buffer.from('.')])
    socket.end()
    expect(await closed).toBeNull()
    expect(Buffer.concat(bytes).toString()).toBe('one two three.')
    expect(taken[0]!.remote.host).toBe('127.0.0.1')
    expect(taken[0]!.subject).toBeNull()
    expect(socket.write([Buffer.from('too late')])).toBe(true)
    await listener.close()
  })

  test('say when memory would grow, and how much waits', async () => {
    const taken: NetSocket[] = []
    const listener = await net.listen(loopback, (socket) => void taken.push(socket)) // reads nothing
    const socket = await net.connect(listener.place)
    const { closed } = heard(socket)
    let hasRoom = true
    for (let round = 0; hasRoom && round < 1_000; round++) hasRoom = socket.write([Buffer.alloc(1 << 20)])
    expect(hasRoom).toBe(false)
    expect(socket.waitingBytes).toBeGreaterThan(0)
    socket.destroy()
    expect(await closed).toBeNull()
    for (const one of taken) one.destroy()
    await listener.close()
  })

  test('tell what the system answered', async () => {
    const { listener } = await echoing()
    const taken = net.listen(listener.place, () => {})
    await expect(taken).rejects.toMatchObject({ name: 'NetError', code: 'EADDRINUSE' })
    await listener.close()
    const refused = await net.connect(listener.place).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(NetError)
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  })
})

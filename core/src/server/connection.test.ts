import { describe, expect, test } from 'vitest'
import type { NetSocket, SocketEvents } from '../base/net.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { Connection, type ConnectionLimits } from './connection.ts'

/** The other end of a socket, in the hands of a test. */
class ScriptedSocket implements NetSocket {
  readonly remote = { host: 'here', port: 1 }
  readonly subject = null
  readonly written: string[] = []
  waitingBytes = 0
  isPaused = false
  /** Nothing leaves the socket. */
  isSlow = false
  state: 'open' | 'ended' | 'destroyed' = 'open'
  private events: SocketEvents | null = null

  start(on: SocketEvents): void {
    this.events = on
  }

  write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) {
      this.written.push(Buffer.from(chunk).toString())
      if (this.isSlow) this.waitingBytes += chunk.length
    }
    return !this.isSlow
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.state = 'ended'
    this.events!.onClose(null)
  }

  destroy(): void {
    this.state = 'destroyed'
    this.events!.onClose(null)
  }

  /** Frames of these texts, as one chunk. */
  send(...texts: readonly string[]): void {
    const frames = texts.map((text) => {
      const frame = Buffer.alloc(4 + text.length)
      frame.writeInt32BE(text.length)
      frame.write(text, 4)
      return frame
    })
    this.events!.onData(Buffer.concat(frames))
  }

  sendBytes(bytes: Uint8Array): void {
    this.events!.onData(bytes)
  }

  drained(): void {
    this.isSlow = false
    this.waitingBytes = 0
    this.events!.onDrain()
  }
}

/** Calls by their text: those that begin with `p` overlap; each is answered when the test says so. */
class Calls {
  readonly begun: string[] = []
  onBegin = (): void => {}
  private readonly open = new Map<string, (answer: Uint8Array[] | null) => void>()
  private readonly failing = new Map<string, (error: Error) => void>()

  call(frame: Uint8Array): { overlaps: boolean; sizeBytes: number; run: () => Promise<readonly Uint8Array[] | null> } {
    const text = Buffer.from(frame).toString()
    if (text === 'nonsense') throw new Error('nonsense')
    return {
      overlaps: text.startsWith('p'),
      sizeBytes: frame.length,
      run: () => {
        this.begun.push(text)
        this.onBegin()
        return new Promise((resolve, reject) => {
          this.open.set(text, resolve)
          this.failing.set(text, reject)
        })
      },
    }
  }

  async answer(text: string, withNothing = false): Promise<void> {
    this.open.get(text)!(withNothing ? null : [Buffer.from(`${text}!`)])
    await settled()
  }

  async fail(text: string): Promise<void> {
    this.failing.get(text)!(new Error(`${text} failed`))
    await settled()
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

const limits: ConnectionLimits = {
  maxInHandBytes: 100,
  maxInHandCalls: 5,
  maxWaitingBytes: 10,
  maxIdleMs: 60_000,
  minBytesPerSecond: 2,
  slowFrameMs: 10_000,
}

function connected(given: Partial<ConnectionLimits> = {}): {
  socket: ScriptedSocket
  calls: Calls
  connection: Connection
  world: SimWorld
  ends: unknown[]
} {
  const world = simWorld({ seed: 1 })
  const socket = new ScriptedSocket()
  const calls = new Calls()
  const ends: unknown[] = []
  const connection = new Connection({
    socket,
    clock: world.clock,
    frames: new FrameSplitter(1_000),
    call: (frame) => calls.call(frame),
    limits: { ...limits, ...given },
    onClosed: (error) => void ends.push(error),
  })
  connection.start()
  return { socket, calls, connection, world, ends }
}

describe('a connection', () => {
  test('begins a call when those before it are answered; produces follow each other at once', async () => {
    const { socket, calls } = connected()
    socket.send('p1', 'p2', 'f1', 'p3')
    expect(calls.begun).toEqual(['p1', 'p2'])
    await calls.answer('p2')
    expect(socket.written).toEqual([])
    await calls.answer('p1')
    expect(socket.written).toEqual(['p1!', 'p2!'])
    expect(calls.begun).toEqual(['p1', 'p2', 'f1'])
    await calls.answer('f1')
    await calls.answer('p3', true)
    expect(socket.written).toEqual(['p1!', 'p2!', 'f1!'])
  })

  test('reads no more while its calls in hand are too many or too large', async () => {
    const { socket, calls } = connected()
    socket.send('p1', 'p2', 'p3', 'p4')
    expect(socket.isPaused).toBe(false)
    socket.send('p5')
    expect(socket.isPaused).toBe(true)
    await calls.answer('p1')
    expect(socket.isPaused).toBe(false)
    for (const text of ['p2', 'p3', 'p4', 'p5']) await calls.answer(text)
    socket.send('x'.repeat(100))
    expect(socket.isPaused).toBe(true)
    await calls.answer('x'.repeat(100))
    expect(socket.isPaused).toBe(false)
  })

  test('begins nothing for a reader that does not take its answers', async () => {
    const { socket, calls } = connected()
    socket.isSlow = true
    socket.send('a slow one', 'b', 'c')
    await calls.answer('a slow one')
    expect(calls.begun).toEqual(['a slow one'])
    expect(socket.isPaused).toBe(true)
    socket.drained()
    await settled()
    expect(calls.begun).toEqual(['a slow one', 'b'])
    expect(socket.isPaused).toBe(false)
  })

  test('that sends nonsense is answered what it sent before, then closed', async () => {
    const { socket, calls, ends } = connected()
    socket.send('a', 'nonsense', 'b')
    expect(calls.begun).toEqual(['a'])
    expect(socket.isPaused).toBe(true)
    await calls.answer('a')
    expect(socket.written).toEqual(['a!'])
    expect(socket.state).toBe('ended')
    expect(ends).toEqual([new Error('nonsense')])
  })

  test('whose call fails is closed at once', async () => {
    const { socket, calls, ends } = connected()
    socket.send('a', 'b')
    await calls.fail('a')
    expect(socket.state).toBe('destroyed')
    expect(calls.begun).toEqual(['a'])
    expect(ends).toEqual([new Error('a failed')])
  })

  test('whose calls fail out of their turn, or after it has closed, takes nobody down', async () => {
    const { socket, calls, ends } = connected()
    socket.send('p1', 'p2', 'p3')
    await calls.fail('p2')
    await new Promise(setImmediate) // a rejection that nobody handles would be told by now
    expect(socket.state).toBe('open')
    await calls.answer('p1')
    expect(socket.written).toEqual(['p1!'])
    expect(socket.state).toBe('destroyed')
    await calls.fail('p3')
    await new Promise(setImmediate)
    expect(ends).toEqual([new Error('p2 failed')])
  })

  test('that is drained takes nothing more, and ends when all is answered', async () => {
    const { socket, calls, connection, ends } = connected()
    socket.send('a', 'b')
    connection.drain()
    socket.send('c')
    await calls.answer('a')
    expect(socket.state).toBe('open')
    await calls.answer('b')
    expect(socket.state).toBe('ended')
    expect(calls.begun).toEqual(['a', 'b'])
    expect(ends).toEqual([null])
  })

  test('with nothing in hand ends at once when it is drained', async () => {
    const { socket, connection } = connected()
    connection.drain()
    await settled()
    expect(socket.state).toBe('ended')
  })

  test('that is silent for too long is closed, one that waits for its answer is not', async () => {
    const { world, socket, calls } = connected()
    await world.run(async () => {
      socket.send('a')
      await new Promise<void>((resolve) => void world.clock.after(120_000, resolve))
      expect(socket.state).toBe('open')
      await calls.answer('a')
      await new Promise<void>((resolve) => void world.clock.after(62_000, resolve))
      expect(socket.state).toBe('destroyed')
    })
  })

  test('SEC-22: whose reader takes nothing for too long is closed, though calls of it are in hand; one that is slow is not', async () => {
    const { world, socket, calls, ends } = connected()
    const pass = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.after(ms, resolve))
    await world.run(async () => {
      socket.isSlow = true
      socket.send('a slow one', 'b', 'c')
      await calls.answer('a slow one')
      await pass(50_000)
      socket.drained()
      socket.isSlow = true
      await settled()
      await calls.answer('b')
      socket.waitingBytes = 1_000
      await pass(50_000)
      expect(socket.state).toBe('open')
      await pass(60_000)
      expect(socket.state).toBe('destroyed')
      expect(ends).toEqual([null])
    })
  })

  test('that is muted reads and begins nothing until the time is over; what has begun is answered', async () => {
    const { world, socket, calls, connection } = connected()
    await world.run(async () => {
      socket.send('a', 'b')
      connection.mute(5_000)
      connection.mute(1_000)
      expect(socket.isPaused).toBe(true)
      await calls.answer('a')
      expect(socket.written).toEqual(['a!'])
      await new Promise<void>((resolve) => void world.clock.after(4_000, resolve))
      expect([calls.begun, socket.isPaused]).toEqual([['a'], true])
      await new Promise<void>((resolve) => void world.clock.after(1_100, resolve))
      expect([calls.begun, socket.isPaused]).toEqual([['a', 'b'], false])
    })
  })

  test('that is muted by a call begins none of those that came with it', async () => {
    const { socket, calls, connection } = connected()
    calls.onBegin = () => connection.mute(5_000)
    socket.send('p1', 'p2')
    expect(calls.begun).toEqual(['p1'])
  })

  test('that is muted is drained all the same, and closed when it is silent for too long', async () => {
    const drained = connected()
    drained.socket.send('a', 'b')
    drained.connection.mute(5_000)
    drained.connection.drain()
    await drained.calls.answer('a')
    await drained.calls.answer('b')
    expect(drained.socket.state).toBe('ended')
    const { world, socket, calls, connection } = connected()
    await world.run(async () => {
      socket.send('a', 'b')
      connection.mute(1_000_000)
      await calls.answer('a')
      await new Promise<void>((resolve) => void world.clock.after(62_000, resolve))
      expect(socket.state).toBe('destroyed')
    })
  })

  test('SEC-21: whose request comes too slowly is closed, byte by byte as it may be', async () => {
    const { world, socket, ends } = connected()
    await world.run(async () => {
      for (let second = 1; second <= 10 && socket.state === 'open'; second++) {
        socket.sendBytes(second === 1 ? Buffer.from([0, 0, 1, 0]) : Buffer.from('x'))
        await new Promise<void>((resolve) => void world.clock.after(1_000, resolve))
      }
    })
    expect(socket.state).toBe('destroyed')
    expect(ends).toMatchObject([{ code: 'FRAME_INVALID' }])
  })

  test('that sends fast enough, or is not read, is left alone', async () => {
    const { world, socket, calls } = connected()
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.after(ms, resolve))
    await world.run(async () => {
      socket.sendBytes(Buffer.from([0, 0, 0, 100]))
      for (let second = 1; second <= 20; second++) {
        socket.sendBytes(Buffer.from('xxxxx'))
        await wait(1_000)
      }
      socket.sendBytes(Buffer.from([0, 0]))
      expect(socket.isPaused).toBe(true) // the first request is large, and has no answer yet
      await wait(30_000)
      expect(socket.state).toBe('open')
      await calls.answer('xxxxx'.repeat(20))
      await wait(9_999) // and gets its time once it is read again
      expect(socket.state).toBe('open')
      await wait(20_000)
      expect(socket.state).toBe('destroyed')
    })
  })
})

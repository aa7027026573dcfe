import { describe, expect, test } from 'vitest'
import { anonymous } from '../base/principal.ts'
import type { ApiName } from '../protocol/apis.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { Authentication, type AuthenticationLimits } from './authentication.ts'
import { noToken, type SaslMechanism, type SaslStep } from './sasl/mechanism.ts'
import type { Session } from './session.ts'

/** Whoever sends a name is of that name; `more` asks on, `bad` is refused, `boom` is a bug. */
function byName(name: string, lastsMs: number | null = null): SaslMechanism {
  const step = (token: Uint8Array): SaslStep => {
    const text = Buffer.from(token).toString()
    if (text === 'boom') throw new TypeError('boom')
    if (text === 'more') return { kind: 'more', token: Buffer.from('go on') }
    if (text === 'bad') return { kind: 'refused', reason: 'bad' }
    return { kind: 'done', token: noToken, principal: { type: 'User', name: text }, lastsMs }
  }
  return { name, begin: () => ({ step }) }
}

const limits: AuthenticationLimits = { authenticationTimeoutMs: 10_000, failedDelayMs: 100, maxFrameBytesBefore: 1 }

interface Attempt {
  readonly world: SimWorld
  readonly session: Session
  readonly own: Authentication
  readonly events: string[]
  readonly token: (text: string) => ReturnType<Authentication['token']>
  readonly after: (ms: number) => Promise<void>
}

function attempt({ mechanisms = [byName('A'), byName('B', 5_000)], maxReauthMs = 0, asks = true } = {}): Attempt {
  const world = simWorld({ seed: 1 })
  const session: Session = { principal: anonymous }
  const events: string[] = []
  const on = {
    known: () => void events.push('known'),
    failed: ({ code, message }: { code: string; message: string }) => void events.push(`${code} ${message}`),
    end: () => void events.push('end'),
    cut: ({ code }: { code: string }) => void events.push(`cut ${code}`),
  }
  const own = new Authentication({
    sasl: asks ? { mechanisms, maxReauthMs } : null,
    isSecure: false,
    limits,
    session,
    clock: world.clock,
    on,
  })
  return {
    world,
    session,
    own,
    events,
    token: (text) => world.run(() => own.token(Buffer.from(text))),
    after: (ms) => world.run(() => new Promise((resolve) => void world.clock.after(ms, resolve))),
  }
}

function servedBy(own: Authentication): string[] {
  const some: readonly ApiName[] = ['apiVersions', 'saslHandshake', 'saslAuthenticate', 'metadata', 'produce']
  return some.filter((name) => {
    try {
      own.check(name)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'NOT_AUTHENTICATED' })
      return false
    }
  })
}

const everything = ['apiVersions', 'saslHandshake', 'saslAuthenticate', 'metadata', 'produce']

describe('authentication', () => {
  test('serves what is needed for it until it is done, then everything', async () => {
    const { own, token, session, events } = attempt()
    expect(servedBy(own)).toEqual(['apiVersions', 'saslHandshake'])
    expect(own.isSettled).toBe(false)
    expect(await token('alice')).toEqual({ kind: 'illegal' })
    expect(own.handshake('A', 1)).toBe('taken')
    expect(servedBy(own)).toEqual(['saslAuthenticate'])
    expect(await token('more')).toMatchObject({ kind: 'answer', token: Buffer.from('go on'), sessionLifetimeMs: 0 })
    expect(own.isSettled).toBe(false)
    expect(session.principal).toBe(anonymous)
    expect(await token('alice')).toMatchObject({ kind: 'answer', sessionLifetimeMs: 0 })
    expect(session.principal.name).toBe('alice')
    expect(servedBy(own)).toEqual(everything)
    expect(events).toEqual(['known'])
  })

  test('where nothing is asked everything is served, and a handshake is out of place', () => {
    const { own } = attempt({ asks: false })
    expect(servedBy(own)).toEqual(everything)
    expect(own.handshake('A', 1)).toBe('illegal')
    expect(own.mechanisms).toEqual([])
  })

  test('a mechanism that is not offered ends it', async () => {
    const { own, events, after } = attempt()
    expect(own.handshake('C', 1)).toBe('unsupported')
    expect(servedBy(own)).toEqual([])
    await after(100)
    expect(events).toEqual([expect.stringContaining('AUTHENTICATION_FAILED'), 'end'])
  })

  test.each(['bad', 'boom'])('SEC-8: a failure (%s) is known at once, answered late, and ends it', async (text) => {
    const { world, own, events, session, after } = attempt()
    own.handshake('A', 1)
    let answered = false
    const answer = own.token(Buffer.from(text)).then((outcome) => ((answered = true), outcome))
    await after(99)
    expect(own.hasFailed).toBe(true)
    expect([answered, events.length]).toEqual([false, 1])
    expect(await world.run(() => answer)).toEqual({ kind: 'failed' })
    expect(events).toEqual([expect.stringContaining(`A: ${text}`), 'end'])
    expect(session.principal).toBe(anonymous)
    expect(own.handshake('A', 1)).toBe('illegal')
  })

  test.each([
    ['before the handshake', () => {}],
    ['between two tokens', (own: Authentication) => void own.handshake('A', 1)],
  ])('SEC-21: whoever is slow %s is cut off after ten seconds', async (_, begin) => {
    const { own, events, after } = attempt()
    begin(own)
    await after(9_999)
    expect(events).toEqual([])
    await after(1)
    expect(events).toEqual(['cut NOT_AUTHENTICATED'])
  })

  test('nobody is cut off who is done, or gone', async () => {
    const done = attempt()
    done.own.handshake('A', 1)
    await done.token('alice')
    await done.after(60_000)
    const gone = attempt()
    gone.own.close()
    await gone.after(60_000)
    expect([done.events, gone.events]).toEqual([['known'], []])
  })
})

describe('SEC-8: a session with an end (KIP-368)', () => {
  async function begun(given: Parameters<typeof attempt>[0], mechanism = 'A'): Promise<Attempt> {
    const one = attempt(given)
    one.own.handshake(mechanism, 1)
    await one.token('alice')
    return one
  }

  test('lasts as long as the setting says, or what was shown is good for', async () => {
    const one = attempt({ maxReauthMs: 3_000 })
    one.own.handshake('B', 1)
    expect(await one.token('alice')).toMatchObject({ sessionLifetimeMs: 3_000 })
    const other = attempt()
    other.own.handshake('B', 1)
    expect(await other.token('alice')).toMatchObject({ sessionLifetimeMs: 5_000 })
  })

  test('serves nothing but a handshake once it is over', async () => {
    const { own, after } = await begun({ maxReauthMs: 3_000 })
    await after(2_999)
    expect(servedBy(own)).toEqual(everything)
    await after(1)
    expect(servedBy(own)).toEqual(['saslHandshake'])
  })

  test.each([1_000, 4_000])('goes on after a new authentication (at %i ms)', async (ms) => {
    const { own, after, token, events } = await begun({ maxReauthMs: 3_000 })
    await after(ms)
    expect(own.handshake('A', 1)).toBe('taken')
    expect(servedBy(own)).toEqual(['saslAuthenticate'])
    expect(await token('alice')).toMatchObject({ sessionLifetimeMs: 3_000 })
    await after(2_999)
    expect(servedBy(own)).toEqual(everything)
    expect(events).toEqual(['known'])
  })

  test('never becomes that of somebody else, nor of another mechanism', async () => {
    const other = await begun({ maxReauthMs: 3_000 })
    other.own.handshake('A', 1)
    expect(await other.token('root')).toEqual({ kind: 'failed' })
    expect(other.session.principal.name).toBe('alice')
    const another = await begun({ maxReauthMs: 3_000 })
    expect(another.own.handshake('B', 1)).toBe('taken')
    expect(await another.token('alice')).toEqual({ kind: 'failed' })
    expect([other.own.hasFailed, another.own.hasFailed]).toEqual([true, true])
  })

  test('is cut off when the new authentication takes too long', async () => {
    const { own, after, events } = await begun({ maxReauthMs: 60_000 })
    own.handshake('A', 1)
    await after(10_000)
    expect(events).toEqual(['known', 'cut NOT_AUTHENTICATED'])
  })

  test('without an end there is no new authentication', async () => {
    const { own, token } = await begun({})
    expect(own.handshake('A', 1)).toBe('illegal')
    expect(await token('root')).toEqual({ kind: 'illegal' })
    expect(servedBy(own)).toEqual(everything)
  })
})

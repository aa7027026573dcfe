import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectPlain } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, test, vi } from 'vitest'
import type { NetPlace, ServerTls } from '../base/net.ts'
import { pem, serverTls } from './certificates.fixtures.ts'
import { embeddedLog } from './embedded-log.ts'
import type { ListenerOptions } from './listener-options.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

const authorities = pem('authority.pem')

async function served(listener: ListenerOptions, work: (place: NetPlace, errors: unknown[]) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  const errors: unknown[] = []
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    const onError = (error: unknown): void => void errors.push(error)
    await using own = await serveLog(log, { listeners: [{ ...listener, port: 0 }], onError })
    await work(own.places[0]!, errors)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Whether somebody with this certificate is served. TLS 1.3 tells a client of a refusal only after its own handshake. */
async function isServed(place: NetPlace, certificate?: string): Promise<boolean> {
  const own = certificate === undefined ? {} : { certificate: pem(certificate), key: pem('client.key') }
  try {
    await using client = await WireClient.connect({ ...place, tls: { authorities, ...own } })
    return (await client.ask('metadata', { topics: [] })).controllerId === 1
  } catch {
    return false
  }
}

/** The certificate that the listener shows, and the version that is spoken. */
function shownBy({ port }: NetPlace, options: object = {}): Promise<{ subject: string; protocol: string | null }> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: authorities, ...options }, () => {
      const subject = socket.getPeerX509Certificate()!.subject
      const protocol = socket.getProtocol()
      socket.destroy()
      resolve({ subject, protocol })
    })
    socket.once('error', reject)
  })
}

describe('SEC-6: TLS', () => {
  test('is spoken from version 1.2 on', () =>
    served({ tls: serverTls }, async (place) => {
      expect(await isServed(place)).toBe(true)
      expect((await shownBy(place)).protocol).toBe('TLSv1.3')
      expect((await shownBy(place, { maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2')
      const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
      expect(await shownBy(place, old).catch(() => null)).toBeNull()
    }))

  test('is not spoken by who speaks in plain text, and the listener goes on', () =>
    served({ tls: serverTls }, async (place, errors) => {
      const plain = await WireClient.connect(place)
      await expect(plain.ask('metadata', { topics: [] })).rejects.toThrow('the connection ended')
      const torn = connectPlain({ host: '127.0.0.1', port: place.port }, () => torn.destroy())
      await vi.waitFor(() => expect(errors).toMatchObject([{ name: 'NetError' }, { name: 'NetError' }]))
      expect(await isServed(place)).toBe(true)
    }))

  test('whoever has not even begun to speak it when the listener is closed is cut off', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    await served({ tls: serverTls }, async (place) => {
      await using known = await WireClient.connect({ ...place, tls: { authorities } })
      const socket = connectPlain({ host: '127.0.0.1', port: place.port })
      socket.on('error', () => {}) // reset, where it was still in the queue of the listener
      socket.once('close', () => resolve())
      await new Promise<void>((connected) => void socket.once('connect', connected))
      expect((await known.ask('metadata', { topics: [] })).controllerId).toBe(1)
    })
    await closed
  })

  test('a client that must show a certificate needs a good one', () =>
    served({ tls: { ...serverTls, clients: 'required' } }, async (place, errors) => {
      expect(await isServed(place, 'client.pem')).toBe(true)
      expect(errors).toEqual([])
      expect(await isServed(place)).toBe(false)
      for (const name of ['client-expired.pem', 'client-stranger.pem', 'client-no-client.pem'])
        expect([name, await isServed(place, name)]).toEqual([name, false])
      await vi.waitFor(() => expect(errors).toHaveLength(4))
    }))

  test('a client that may show one is served without, and not with a bad one', () =>
    served({ tls: { ...serverTls, clients: 'requested' } }, async (place) => {
      expect(await isServed(place)).toBe(true)
      expect(await isServed(place, 'client.pem')).toBe(true)
      for (const name of ['client-expired.pem', 'client-stranger.pem', 'client-no-client.pem'])
        expect([name, await isServed(place, name)]).toEqual([name, false])
    }))

  test('whoever no rule names is refused', () =>
    served({ tls: { ...serverTls, clients: 'required' }, principalMapping: 'RULE:^CN=bob$/bob/' }, async (place, errors) => {
      expect(await isServed(place, 'client.pem')).toBe(false)
      await vi.waitFor(() =>
        expect(errors.map(String)).toEqual([expect.stringMatching(/AUTHENTICATION_FAILED.*CN=alice,OU=people,O=Millrace,C=DE/)]),
      )
    }))

  test('certificates are changed while it listens; bad ones change nothing', async () => {
    let current: ServerTls = serverTls
    await served({ tls: () => current }, async (place, errors) => {
      await using old = await WireClient.connect({ ...place, tls: { authorities } })
      expect((await shownBy(place)).subject).toBe('CN=server')
      current = { ...serverTls, certificate: pem('server-renewed.pem') }
      expect((await shownBy(place)).subject).toBe(String.raw`CN=server\, renewed`)
      current = { ...serverTls, key: 'torn' }
      expect((await shownBy(place)).subject).toBe(String.raw`CN=server\, renewed`)
      const told = errors.map(String).filter((error) => error.includes('a new certificate is not good'))
      expect(told).toHaveLength(1)
      expect((await old.ask('metadata', { topics: [] })).controllerId).toBe(1)
    })
  })

  test('an authority that is taken away is trusted no more, also not in sessions that go on', async () => {
    let current: ServerTls = { ...serverTls, clients: 'required' }
    await served({ tls: () => current }, async (place) => {
      const own = { cert: pem('client.pem'), key: pem('client.key') }
      const session = await sessionOf(place, own)
      expect(await answeredWith(place, { ...own, session })).toBe(true)
      current = { ...current, authorities: pem('server.pem') }
      expect(await isServed(place, 'client.pem')).toBe(false)
      expect(await answeredWith(place, { ...own, session })).toBe(false)
    })
  })
})

/** A session that could be resumed. */
function sessionOf({ port }: NetPlace, options: object): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authorities, ...options })
    socket.once('session', (session: Buffer) => {
      resolve(session)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

/** Whether a request (ApiVersions, version 0) is answered. */
function answeredWith({ port }: NetPlace, options: object): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authorities, ...options })
    socket.write(Buffer.from('0000000a00120000000000070000', 'hex'))
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

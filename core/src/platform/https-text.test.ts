import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { httpsText } from './https-text.ts'

const pem = (name: string): string => readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8')

describe('SEC-5: text over https', () => {
  const usual = getCACertificates('default')
  let server: Server
  let origin = ''

  beforeAll(async () => {
    server = createServer({ cert: pem('server.pem'), key: pem('server.key') }, ({ url }, response) => {
      if (url === '/redirected') response.writeHead(302, { location: '/keys' })
      if (url === '/failing') response.writeHead(500)
      response.end(url === '/large' ? 'x'.repeat(2 << 20) : 'the keys')
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(() => {
    setDefaultCACertificates(usual)
    server.close()
  })

  test('is taken of a server that is trusted, and of no other', async () => {
    await expect(httpsText(`${origin}/keys`)).rejects.toMatchObject({ name: 'NetError' })
    setDefaultCACertificates([pem('authority.pem')])
    expect(await httpsText(`${origin}/keys`)).toBe('the keys')
  })

  test.each([
    ['/redirected', 'EBADSTATUS'],
    ['/failing', 'EBADSTATUS'],
    ['/large', 'EMSGSIZE'],
  ])('%s is an error, and tells nothing of what was answered', async (path, code) => {
    const error = await httpsText(`${origin}${path}`).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'NetError', code })
    expect(String(error)).not.toContain('the keys')
  })
})

import { readFileSync } from 'node:fs'
import type { ServerTls } from '../base/net.ts'

/** Of platform/testdata: see make-certificates.sh there. */
export function pem(name: string): string {
  return readFileSync(new URL(`../platform/testdata/${name}`, import.meta.url), 'utf8')
}

export const serverTls: ServerTls = {
  certificate: pem('server.pem'),
  key: pem('server.key'),
  authorities: pem('authority.pem'),
  clients: 'none',
}

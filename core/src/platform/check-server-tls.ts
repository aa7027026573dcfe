import { createSecureContext } from 'node:tls'
import { coreError } from '../base/error-catalogue.ts'
import type { ServerTls } from '../base/net.ts'

/** @throws CERTIFICATE_INVALID when nobody can be served with it */
export function checkServerTls({ certificate, key, passphrase, authorities, clients }: ServerTls): void {
  if (clients !== 'none' && authorities === undefined)
    throw coreError('CERTIFICATE_INVALID', {
      what: 'clients show certificates, and no authorities are named that they may be of',
    })
  if (!certificate.includes('-----BEGIN CERTIFICATE-----'))
    throw coreError('CERTIFICATE_INVALID', { what: 'there is no certificate in the PEM text' })
  if (authorities !== undefined && !authorities.includes('-----BEGIN CERTIFICATE-----'))
    throw coreError('CERTIFICATE_INVALID', { what: 'there is no certificate in the PEM text of the authorities' })
  try {
    createSecureContext({
      cert: certificate,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(authorities === undefined ? {} : { ca: authorities }),
    })
  } catch (cause) {
    const what = `certificate, key and authorities do not fit: ${cause instanceof Error ? cause.message : String(cause)}`
    throw coreError('CERTIFICATE_INVALID', { what, cause })
  }
}

import type { Disk } from '../base/disk.ts'
import type { ServerTls } from '../base/net.ts'
import { checkServerTls } from './check-server-tls.ts'

/** Where the PEM texts of a listener stand: in files, or in the configuration itself. */
export interface ServerTlsPlaces {
  readonly certificate: PemPlace
  readonly key: PemPlace
  readonly passphrase?: string
  readonly authorities?: PemPlace
  readonly clients: ServerTls['clients']
}

export type PemPlace = { readonly file: string } | { readonly text: string }

/**
 * Certificates that may be changed while they are used: the files are looked at for each new connection.
 *
 * Invariants
 *   SV1  What it gives was good when it was read. Files that are half written, or bad, are reported once and change nothing.
 */
export class ServerCertificates {
  private readonly disk: Disk
  private readonly places: ServerTlsPlaces
  private readonly onError: (error: unknown) => void
  private good: ServerTls
  /** The last that were read, whether they were good or not. */
  private seen: string
  private reported = ''

  /** @throws CERTIFICATE_INVALID, DiskError */
  constructor(disk: Disk, places: ServerTlsPlaces, onError: (error: unknown) => void) {
    this.disk = disk
    this.places = places
    this.onError = onError
    this.good = this.read()
    checkServerTls(this.good)
    this.seen = fingerprint(this.good)
  }

  /** The same object as before where nothing has changed. */
  current(): ServerTls {
    try {
      const now = this.read()
      const read = fingerprint(now)
      if (read === this.seen) return this.good
      this.seen = read
      checkServerTls(now)
      this.good = now
      this.reported = ''
    } catch (error) {
      this.report(error)
    }
    return this.good
  }

  private report(error: unknown): void {
    const text = String(error)
    if (text !== this.reported) this.onError(error)
    this.reported = text
  }

  private read(): ServerTls {
    const { certificate, key, passphrase, authorities, clients } = this.places
    return {
      certificate: this.textAt(certificate),
      key: this.textAt(key),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(authorities === undefined ? {} : { authorities: this.textAt(authorities) }),
      clients,
    }
  }

  private textAt(place: PemPlace): string {
    return 'text' in place ? place.text : Buffer.from(this.disk.readFile(place.file)).toString('utf8')
  }
}

function fingerprint({ certificate, key, authorities }: ServerTls): string {
  return [certificate, key, authorities].join('\0')
}

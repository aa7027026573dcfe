import type { Fields } from './schema.ts'
import { rangeOf, type VersionRange, type Versions } from './versions.ts'

/** An API of Kafka's protocol: one key, a request and its response, which have the same versions. */
export interface Api {
  readonly key: number
  /** As in Kafka's documentation. */
  readonly name: string
  /** What is encoded and decoded. */
  readonly versions: Versions
  /** What ApiVersions says, where clients need to read something else there. */
  readonly advertised?: Versions
  /** From here on texts and arrays are compact, tagged fields follow, and headers have them too (KIP-482). */
  readonly flexible: Versions | 'none'
  /** Of the response: without tagged fields in any version. */
  readonly header?: 'classic'
  /** Of requests: a client in use sends bytes behind the message. */
  readonly trailing?: 'ignored'
  readonly request: Fields
  readonly response: Fields
}

/** What ApiVersions says of it. */
export function advertisedVersions({ advertised, versions }: Api): VersionRange {
  return rangeOf(advertised ?? versions)
}

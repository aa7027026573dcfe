/**
 * The checks of security by their numbers: what each holds, and where. A check that is held has its number (`SEC-14`) in the name of a
 * test; security-checks.test.ts finds it there.
 */
export interface SecurityCheck {
  readonly holds: string
  /** Absent: a test has its number in its name. Otherwise why there is none yet. */
  readonly pending?: string
}

const authentication = 'with TLS, SASL and the limits of connections'
const authorization = 'with the authorizer'
const quotas = 'with quotas'
const connectors = 'with connectors and their REST interface'

export const securityChecks: Readonly<Record<number, SecurityCheck>> = {
  1: { holds: 'listeners are on loopback unless said otherwise', pending: authentication },
  2: { holds: 'a listener elsewhere without authentication refuses to start', pending: authentication },
  3: { holds: 'passwords do not cross a network in clear', pending: authentication },
  4: { holds: 'SCRAM as RFC 5802 and 7677 say, and not otherwise', pending: authentication },
  5: { holds: 'OAUTHBEARER fails closed', pending: authentication },
  6: { holds: 'mutual TLS: who has no good certificate has no connection', pending: authentication },
  7: { holds: 'secrets are compared in constant time', pending: authentication },
  8: { holds: 'sessions expire, failures are slow', pending: authentication },
  9: { holds: 'passwords are stored as salted keys', pending: authentication },
  10: { holds: 'every API is authorized, by a generated matrix', pending: authorization },
  11: { holds: 'nothing is told of what one may not describe', pending: authorization },
  12: { holds: 'read-only is read-only on every way in', pending: authorization },
  13: { holds: 'internal topics are not written to by clients', pending: authorization },
  14: { holds: 'sizes and counts are refused before anything is allocated by them' },
  15: { holds: 'malformed frames are answered or close their connection: by grammar, by mutation, byte by byte' },
  16: { holds: 'a record batch that lies is refused, and nothing is kept of it' },
  17: { holds: 'decompression has bounds, in every codec' },
  18: { holds: 'JSON, Avro and Protobuf have bounds', pending: 'with the schema registry' },
  19: { holds: 'damaged files neither crash nor lose anything in silence' },
  20: { holds: 'connections are limited, in all and by address', pending: authentication },
  21: { holds: 'whoever is slow or silent is let go' },
  22: { holds: 'a slow reader costs bounded memory, and no one else anything' },
  23: { holds: 'quotas for bytes, requests and mutations', pending: quotas },
  24: { holds: 'patterns from outside take bounded time' },
  25: { holds: 'texts from outside inject nothing into logs and metrics, and labels come from closed lists' },
  26: { holds: 'names make no paths' },
  27: { holds: 'links in the data directory lead to no file elsewhere' },
  28: { holds: 'config providers are confined', pending: connectors },
  29: { holds: 'connectors reach only what they may', pending: connectors },
  30: { holds: 'no code, module or process comes from a setting' },
  31: { holds: 'names like __proto__ are names' },
  32: { holds: 'what is shared cannot be changed by whoever gets it' },
  33: { holds: 'dependencies are few, locked, and run nothing when they are installed' },
  34: { holds: "the log runs under Node's permission model" },
}

/**
 * The checks of security by their numbers: what each holds, and where. A check that is held has its number (`SEC-14`) in the name of a
 * test; security-checks.test.ts finds it there.
 */
export interface SecurityCheck {
  readonly holds: string
  /** Absent: a test has its number in its name. Otherwise why there is none yet. */
  readonly pending?: string
}

const connectors = 'with connectors and their REST interface'
const console = 'with the console: nothing speaks HTTP yet'

export const securityChecks: Readonly<Record<number, SecurityCheck>> = {
  1: { holds: 'listeners are on loopback unless said otherwise' },
  2: { holds: 'a listener elsewhere without authentication refuses to start' },
  3: { holds: 'passwords do not cross a network in clear' },
  4: { holds: 'SCRAM as RFC 5802 and 7677 say, and not otherwise' },
  5: { holds: 'OAUTHBEARER fails closed' },
  6: { holds: 'mutual TLS: who has no good certificate has no connection' },
  7: { holds: 'secrets are compared in constant time' },
  8: { holds: 'sessions expire, failures are slow' },
  9: { holds: 'passwords are stored as salted keys' },
  10: { holds: 'every API is authorized, by a generated matrix' },
  11: { holds: 'nothing is told of what one may not describe' },
  12: { holds: 'read-only is read-only on every way in' },
  13: { holds: 'internal topics are not written to by clients' },
  14: { holds: 'sizes and counts are refused before anything is allocated by them' },
  15: { holds: 'malformed frames are answered or close their connection: by grammar, by mutation, byte by byte' },
  16: { holds: 'a record batch that lies is refused, and nothing is kept of it' },
  17: { holds: 'decompression has bounds, in every codec' },
  18: { holds: 'JSON, Avro and Protobuf have bounds', pending: 'with the schema registry' },
  19: { holds: 'damaged files neither crash nor lose anything in silence' },
  20: { holds: 'connections are limited, in all and by address' },
  21: { holds: 'whoever is slow or silent is let go' },
  22: { holds: 'a slow reader costs bounded memory, and no one else anything' },
  23: { holds: 'quotas for bytes, requests and mutations' },
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
  34: { holds: 'the log and its server need nothing of the machine but what comes through their ports' },
  35: { holds: 'the hosts and origins of requests are known ones', pending: console },
  36: { holds: 'other sites may not ask', pending: console },
  37: { holds: 'what changes something is asked for on purpose', pending: console },
  38: { holds: 'records are shown as text, whatever is in them', pending: console },
  39: { holds: 'what is downloaded runs nowhere', pending: console },
  40: { holds: 'filters evaluate no code', pending: console },
  41: { holds: 'what changes something is in the audit log' },
  42: { holds: 'nothing that is made for tests can be reached by those who use the log' },
}

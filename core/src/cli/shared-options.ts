/** Options that several commands have. */

export const dir = {
  takes: 'text',
  shown: 'DIR',
  required: true,
  about: 'the data directory; no other process may have it open',
} as const

/** Where the log is: in a directory, or behind a server. */
export const place = {
  dir: { takes: 'text', shown: 'DIR', about: 'the data directory; no other process may have it open' },
  'bootstrap-server': {
    takes: 'text',
    shown: 'HOST:PORT[,…]',
    also: ['broker-list'],
    about: 'instead of --dir: servers, a millrace broker or an Apache Kafka',
  },
  'command-config': {
    takes: 'text',
    shown: 'FILE',
    about: "with --bootstrap-server: properties with Kafka's names, for TLS and SASL",
  },
} as const

export const json = { takes: 'flag', about: 'JSON instead of a table' } as const

/** Options that several commands have. */

export const dir = {
  takes: 'text',
  shown: 'DIR',
  required: true,
  about: 'the data directory; no other process may have it open',
} as const

export const json = { takes: 'flag', about: 'JSON instead of a table' } as const

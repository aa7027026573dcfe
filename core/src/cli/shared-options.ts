/** Options that several commands have. */

export const json = { takes: 'flag', about: 'JSON instead of a table' } as const

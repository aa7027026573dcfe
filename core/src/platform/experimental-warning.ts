/**
 * Runs `load` without the one ExperimentalWarning that names `feature`; every other warning is printed as always. Node emits
 * it synchronously when the module is loaded, and only once a process (24.21 no longer does for SQLite; 24.6 still did).
 */
export function quietly<T>(feature: string, load: () => T): T {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was, and called on its own object
  const emitWarning = process.emitWarning
  process.emitWarning = (warning: string | Error, ...rest: never[]): void => {
    if (!isExperimental(warning, rest[0], feature)) emitWarning.call(process, warning, ...rest)
  }
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Both forms of the call: `emitWarning(text, 'ExperimentalWarning')` and `emitWarning(text, { type })`. */
function isExperimental(warning: string | Error, kind: unknown, feature: string): boolean {
  const type = typeof kind === 'object' && kind !== null && 'type' in kind ? kind.type : kind
  return type === 'ExperimentalWarning' && String(warning).startsWith(`${feature} is an experimental feature`)
}

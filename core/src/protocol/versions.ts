/** Versions of an API: one, from … on, or from … to …, both included. */
export type Versions = `${number}` | `${number}+` | `${number}-${number}`

export interface VersionRange {
  readonly min: number
  readonly max: number
}

const pattern = /^(\d+)(?:(\+)|-(\d+))?$/

/** Infinity is the end of an open range. */
export function rangeOf(versions: Versions): VersionRange {
  const [, first, open, last] = pattern.exec(versions)!
  const min = Number(first)
  return { min, max: open === undefined ? Number(last ?? first) : Infinity }
}

/** Whether the version is in the range; without a range every version is, with `'none'` no version. */
export function inVersions(version: number, versions: Versions | 'none' | true | undefined): boolean {
  if (versions === undefined || versions === true) return true
  if (versions === 'none') return false
  const { min, max } = rangeOf(versions)
  return version >= min && version <= max
}

/** The name that was most likely meant, or undefined where none is near. */
function nearest(given: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, away: distance(given, name) })).sort((one, other) => one.away - other.away)
  const [best] = ranked
  return best !== undefined && best.away <= Math.max(2, Math.ceil(given.length / 3)) ? best.name : undefined
}

/** `; did you mean X?`, or nothing. */
export function meant(given: string, names: readonly string[], shown: (name: string) => string = (name) => name): string {
  const name = nearest(given, names)
  return name === undefined ? '' : `; did you mean ${shown(name)}?`
}

/** Letters to insert, remove, replace, or swap with their neighbour. */
function distance(one: string, other: string): number {
  let before: readonly number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      let away = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) away = Math.min(away, before[j - 2]! + 1)
      row.push(away)
    }
    ;[before, last] = [last, row]
  }
  return last[other.length]!
}

const aboveSurrogates = /[\uD800-\uFFFF]/

/**
 * Sorts strings in the order of their UTF-8 bytes. JavaScript compares UTF-16 units, which differs in one point: the pairs
 * of surrogates (U+10000 and up) stand below U+E000…U+FFFF.
 */
export function sortByBytes(texts: string[]): string[] {
  return texts.some((text) => aboveSurrogates.test(text)) ? texts.sort(compareByBytes) : texts.sort()
}

export function compareByBytes(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Moves the surrogates above all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/**
 * Rows of a CSV file (RFC 4180): fields are parted by commas, rows by line ends; a field in quotes may hold both, and a
 * doubled quote stands for one.
 */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const { quoted, plain, end } of fields(text)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

interface Field {
  readonly quoted: string | undefined
  readonly plain: string | undefined
  /** What parts it from the next one. */
  readonly end: string
}

/** @throws when a quote is never closed, or something follows it. */
function* fields(text: string): Generator<Field> {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y
  for (let at = 0; at < text.length; at = field.lastIndex) {
    const [, quoted, plain, end = ''] = field.exec(text) ?? malformed(text, at)
    yield { quoted, plain, end }
    if (end === ',' && field.lastIndex === text.length) yield { quoted: undefined, plain: '', end: '' }
  }
}

function malformed(text: string, at: number): never {
  throw new SyntaxError(`line ${text.slice(0, at).split('\n').length} is not CSV: ${JSON.stringify(text.slice(at, at + 40))}`)
}

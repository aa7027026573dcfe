/** A row of a table: what stands in it by the name of the column. */
export type Row = Readonly<Record<string, unknown>>

type Out = (line: string) => void

/** A list of rows: one document of JSON for programs, columns for people. */
export function printRows(rows: readonly Row[], json: boolean, out: Out): void {
  if (json) out(JSON.stringify(rows))
  else for (const line of columns(rows)) out(line)
}

/** Headings are the names of the first row: `logEnd` becomes LOG-END. */
function columns(rows: readonly Row[]): string[] {
  const names = Object.keys(rows[0] ?? {})
  const cells = [names.map(heading), ...rows.map((row) => names.map((name) => cell(row[name])))]
  const widths = names.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)))
  return rows.length === 0
    ? []
    : cells.map((line) =>
        line
          .map((text, at) => text.padEnd(widths[at]!))
          .join('  ')
          .trimEnd(),
      )
}

function heading(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase()
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(String).join(',')
  return typeof value === 'object' ? pairs(value) : `${value as string | number | boolean}`
}

function pairs(value: object): string {
  const all = Object.entries(value).map(([name, one]) => `${name}=${String(one)}`)
  return all.length === 0 ? '-' : all.join(',')
}

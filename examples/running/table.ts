export interface Column<T> {
  readonly title: string
  readonly align: 'left' | 'right'
  readonly cell: (row: T) => string
}

/** The rows as text, each column as wide as its widest cell. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => (line[i] ?? '').length)))
  const lines = cells.map((line) => line.map((cell, i) => pad(cell, widths[i] ?? 0, columns[i]?.align)).join('  '))
  const rule = widths.map((width) => '─'.repeat(width)).join('──')
  return [lines[0], rule, ...lines.slice(1)].map((line) => `${line?.trimEnd()}\n`).join('')
}

function pad(cell: string, width: number, align: 'left' | 'right' | undefined): string {
  return align === 'right' ? cell.padStart(width) : cell.padEnd(width)
}

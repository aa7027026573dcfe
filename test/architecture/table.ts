import { house } from './rooms.ts'

const start = '<!-- rooms: printed by `npm run rooms` from test/architecture/rooms.ts -->'
const end = '<!-- /rooms -->'

/** The table of rooms as it stands in ARCHITECTURE.md. */
function roomsTable(): string {
  return Object.entries(house)
    .map(([name, wing]) => {
      const rows = Object.entries(wing.rooms).map(([room, { does, imports, divided }]) => [
        `\`${room}/${divided ? '<name>/' : ''}\``,
        imports === 'any' ? 'any room' : imports.length === 0 ? 'nothing' : imports.join(', '),
        does,
      ])
      const wings = wing.wings.map((other) => ` Every room may also import the front door of \`@millrace/${other}\`.`).join('')
      return `### \`${name}/src\`: ${wing.does}\n\n${table([['Room', 'May import', 'What it is'], ...rows])}${wings && `\n\n${wings.trim()}`}`
    })
    .join('\n\n')
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

/** A page with the table between its two markers replaced; throws when the page has no markers. */
export function withRoomsTable(page: string): string {
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`The page needs the lines "${start}" and "${end}".`)
  return `${page.slice(0, from + start.length)}\n\n${roomsTable()}\n\n${page.slice(to)}`
}

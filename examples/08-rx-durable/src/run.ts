import type { Windowed } from '@millrace/streams'
import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { input } from './input.ts'
import { applicationId, rxDurable, searches, typed, typing, type Search, type Typing } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  await using log = await openLog(folder, { typed: 1, searches: 1, typing: 1 })
  await fillTopic(log, 'typed', typed, input)
  await runToEnd(rxDurable(), { applicationId, log, folder })
  const found = await readRows(log, 'searches', searches)
  return `${showSearches(found)}\n${showTyping(await readRows(log, 'typing', typing))}`
}

function showSearches(rows: readonly Row<string, Search>[]): string {
  return table(rows, [
    { title: 'time', align: 'left', cell: ({ timestamp }) => secondsOf(timestamp) },
    { title: 'visitor', align: 'left', cell: ({ key }) => key },
    { title: 'search', align: 'right', cell: ({ value }) => String(value.number) },
    { title: 'text', align: 'left', cell: ({ value }) => value.text },
  ])
}

function showTyping(rows: readonly Row<Windowed<string>, Typing>[]): string {
  return table(rows, [
    { title: 'from', align: 'left', cell: ({ key }) => secondsOf(key.start) },
    { title: 'visitor', align: 'left', cell: ({ key }) => key.key },
    { title: 'keys', align: 'right', cell: ({ value }) => String(value.keys) },
    { title: 'longest pause', align: 'right', cell: ({ value }) => `${value.longestPauseMs} ms` },
  ])
}

/** `MM:SS.mmm` */
function secondsOf(timestamp: number): string {
  return new Date(timestamp).toISOString().slice('YYYY-MM-DDTHH:'.length, -1)
}

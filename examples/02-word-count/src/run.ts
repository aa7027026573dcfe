import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { newestOf, readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { input } from './input.ts'
import { applicationId, counts, lines, wordCount } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  await using log = await openLog(folder, { lines: 3, 'word-counts': 2 })
  await fillTopic(log, 'lines', lines, input)
  await runToEnd(wordCount(), { applicationId, log, folder })
  return show(await readRows(log, 'word-counts', counts))
}

function show(updates: readonly Row<string, number>[]): string {
  const words = [...newestOf(updates)].sort((a, b) => b.value - a.value) // equal counts stay in the order of their words
  return table(words.slice(0, 8), [
    { title: 'word', align: 'left', cell: ({ key }) => key },
    { title: 'count', align: 'right', cell: ({ value }) => String(value) },
  ])
}

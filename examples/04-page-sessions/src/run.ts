import type { Windowed } from '@millrace/streams'
import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { timeOf } from '../../running/time-of.ts'
import { input } from './input.ts'
import { applicationId, pageSessions, views, visits, type Visit } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  await using log = await openLog(folder, { views: 2, visits: 2 })
  await fillTopic(log, 'views', views, input)
  await runToEnd(pageSessions(), { applicationId, log, folder })
  return show(await readRows(log, 'visits', visits))
}

function show(found: readonly Row<Windowed<string>, Visit>[]): string {
  const rows = [...found].sort((a, b) => a.key.start - b.key.start)
  return table(rows, [
    { title: 'visitor', align: 'left', cell: ({ key }) => key.key },
    { title: 'from', align: 'left', cell: ({ key }) => timeOf(key.start) },
    { title: 'to', align: 'left', cell: ({ key }) => timeOf(key.end) },
    { title: 'views', align: 'right', cell: ({ value }) => String(value.pages) },
    { title: 'pages', align: 'left', cell: ({ value }) => value.seen.join(' ') },
  ])
}

import type { Windowed } from '@millrace/streams'
import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { timeOf } from '../../running/time-of.ts'
import { input } from './input.ts'
import { applicationId, averages, iotAverages, readings, type Average } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  // One partition: what is late for one sensor is late for all. Each partition has a stream time of its own.
  await using log = await openLog(folder, { readings: 1, averages: 1 })
  await fillTopic(log, 'readings', readings, input)
  const { late = 0 } = await runToEnd(iotAverages(), { applicationId, log, folder })
  return `${show(await readRows(log, 'averages', averages))}\n${late} of ${input.length} readings came too late.\n`
}

function show(rows: readonly Row<Windowed<string>, Average>[]): string {
  return table(rows, [
    { title: 'minute', align: 'left', cell: ({ key }) => timeOf(key.start) },
    { title: 'sensor', align: 'left', cell: ({ key }) => key.key },
    { title: 'readings', align: 'right', cell: ({ value }) => String(value.readings) },
    { title: 'mean', align: 'right', cell: ({ value }) => value.mean.toFixed(2) },
  ])
}

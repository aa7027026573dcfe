import { fillTopic, type Given } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { input } from './input.ts'
import { SlowService } from './slow-service.ts'
import { addresses, applicationId, asyncEnrichment, stops, type Locate, type Stop } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  const service = new SlowService()
  const rows = await stopsOf(folder, input, service.locate)
  return `${show(rows)}\n${service.calls} calls for ${input.length} addresses\n`
}

/** The end of the input waits for all calls. */
export async function stopsOf(
  folder: string,
  given: readonly Given<string, string>[],
  locate: Locate,
): Promise<readonly Row<string, Stop>[]> {
  await using log = await openLog(folder, { addresses: 1, stops: 1 })
  await fillTopic(log, 'addresses', addresses, given)
  await runToEnd(asyncEnrichment(locate), { applicationId, log, folder })
  return await readRows(log, 'stops', stops) // before the log is closed
}

function show(rows: readonly Row<string, Stop>[]): string {
  const byVan = Map.groupBy(rows, ({ key }) => key)
  return [...byVan]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([van, its]) => `${van}\n${its.map(({ value }) => `  ${value.address}, ${value.zone}\n`).join('')}`)
    .join('')
}

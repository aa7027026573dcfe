import type { Windowed } from '@millrace/streams'
import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { timeOf } from '../../running/time-of.ts'
import { confirmationsIn, paymentsIn } from './input.ts'
import { alerts, applicationId, confirmations, confirmed, fraudRules, payments, type Alert } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  // Payments and confirmations are joined by their key, so they need equally many partitions.
  await using log = await openLog(folder, { payments: 2, confirmations: 2, alerts: 2, 'confirmed-payments': 2 })
  await fillTopic(log, 'payments', payments, paymentsIn)
  await fillTopic(log, 'confirmations', confirmations, confirmationsIn)
  await runToEnd(fraudRules(), { applicationId, log, folder })
  const found = await readRows(log, 'alerts', alerts)
  const joined = await readRows(log, 'confirmed-payments', confirmed)
  return `${show(found)}\n${joined.length} of ${paymentsIn.length} payments were confirmed.\n`
}

function show(found: readonly Row<Windowed<string>, Alert>[]): string {
  const rows = [...found].sort((a, b) => a.key.start - b.key.start)
  return table(rows, [
    { title: 'card', align: 'left', cell: ({ key }) => key.key },
    { title: 'from', align: 'left', cell: ({ key }) => timeOf(key.start) },
    { title: 'to', align: 'left', cell: ({ key }) => timeOf(key.end) },
    { title: 'rule', align: 'left', cell: ({ value }) => value.rule },
    { title: 'payments', align: 'right', cell: ({ value }) => String(value.payments) },
    { title: 'amount', align: 'right', cell: ({ value }) => (value.amount / 100).toFixed(2) },
  ])
}

import { fillTopic } from '../../running/fill-topic.ts'
import { openLog } from '../../running/open-log.ts'
import { newestOf, readRows, type Row } from '../../running/read-rows.ts'
import { runToEnd } from '../../running/run-to-end.ts'
import { table } from '../../running/table.ts'
import { customersIn, ordersIn, productsIn } from './input.ts'
import { applicationId, customers, fullOrders, orderEnrichment, orders, products, type FullOrder } from './topology.ts'

/** The whole example in an empty folder; returns what it prints. */
export async function run(folder: string): Promise<string> {
  // A join by a foreign key needs no equal partitions, nor does a global table.
  await using log = await openLog(folder, { orders: 3, customers: 2, products: 1, 'full-orders': 2 })
  await fillTopic(log, 'products', products, productsIn)
  await fillTopic(log, 'customers', customers, customersIn)
  await fillTopic(log, 'orders', orders, ordersIn)
  await runToEnd(orderEnrichment(), { applicationId, log, folder })
  return show(newestOf(await readRows(log, 'full-orders', fullOrders)))
}

function show(rows: readonly Row<string, FullOrder>[]): string {
  return table(rows, [
    { title: 'order', align: 'left', cell: ({ key }) => key },
    { title: 'customer', align: 'left', cell: ({ value }) => `${value.customer.name}, ${value.customer.city}` },
    { title: 'product', align: 'left', cell: ({ value }) => value.title },
    { title: 'total', align: 'right', cell: ({ value }) => (value.total / 100).toFixed(2) },
  ])
}

import { aggregateCases } from './cases/aggregates.ts'
import { cogroupCases } from './cases/cogroups.ts'
import { globalCases, streamTableCases } from './cases/enrichment.ts'
import { statelessCases } from './cases/stateless.ts'
import { streamJoinCases } from './cases/stream-joins.ts'
import { foreignJoinCases, tableCases, tableJoinCases } from './cases/tables.ts'
import { suppressCases, tumblingFinalCases, windowCases } from './cases/windows.ts'
import type { TopologyCase } from './topology-case.ts'

/** All cases, by the file in which what Kafka made of them is kept. */
export const families: Readonly<Record<string, readonly TopologyCase[]>> = {
  stateless: statelessCases,
  aggregates: aggregateCases,
  'tumbling-final': tumblingFinalCases,
  windows: windowCases,
  suppress: suppressCases,
  cogroups: cogroupCases,
  'stream-joins': streamJoinCases,
  tables: tableCases,
  'table-joins': tableJoinCases,
  'foreign-joins': foreignJoinCases,
  'stream-table-joins': streamTableCases,
  'global-joins': globalCases,
}

import { json, string } from '@millrace/core'
import { StreamsBuilder, type CallsOutside, type Topology, type TopicSerdes } from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'async-enrichment'

export interface Stop {
  readonly address: string
  readonly zone: string
}

/** Asks somewhere outside in which zone an address lies. */
export type Locate = CallsOutside<string, string, string>

/** Addresses. The key is the van. */
export const addresses: TopicSerdes<string, string> = { key: string, value: string }
export const stops: TopicSerdes<string, Stop> = { key: string, value: json<Stop>() }

export function asyncEnrichment(locate: Locate): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('addresses', addresses)
    .mapAsync(async (address, van, call): Promise<Stop> => ({ address, zone: await locate(address, van, call) }), {
      name: 'zones',
      ...addresses,
      concurrency: 8, // calls for different vans run at the same time
      order: 'key', // the stops of a van come in the order of its addresses, however long each call takes
      timeoutMs: 10_000,
      retry: { times: 2, backoffMs: 5, factor: 2 },
    })
    .to('stops', stops)
  return builder.build()
}

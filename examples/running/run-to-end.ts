import { join } from 'node:path'
import type { LogClient } from '@millrace/core'
import { StreamsApp, type Topology } from '@millrace/streams'

/** What an example runs, and where. */
export interface Run {
  readonly applicationId: string
  readonly log: LogClient
  /** Of the example: the state lies in `state/`. */
  readonly folder: string
}

/** Runs the topology over what its topics hold now, to the end. Returns how many records did not go on, by reason. */
export async function runToEnd(topology: Topology, { applicationId, log, folder }: Run): Promise<StreamsApp['dropped']> {
  await using app = new StreamsApp(topology, { applicationId, log, stateDir: join(folder, 'state'), bounded: true })
  await app.start()
  await app.finished
  return app.dropped
}

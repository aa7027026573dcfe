/** Opens a transaction on the broker at this port, writes into it, says so, and stays as it is. For tests that kill it. */
import { ConnectionLost, WireClient } from '../../wire/wire-client.ts'
import { Deserter } from './other-workers.ts'

const client = await WireClient.connect(Number(process.argv[2]))
const deserter = new Deserter(() => process.stdout.write('written\n'))
await deserter.work(client).catch((error: unknown) => {
  if (!(error instanceof ConnectionLost)) throw error
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogClient } from '../client/log-client.ts'
import { embeddedLog, type EmbeddedLogOptions } from './embedded-log.ts'
import { serveLog, type ServedLog, type ServeOptions } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

/** A log on a real disk, served on a real socket, and a client of it. */
export async function onTheWire(
  work: (client: WireClient, log: LogClient, served: ServedLog) => Promise<void>,
  options: ServeOptions = {},
  logOptions: Partial<EmbeddedLogOptions> = {},
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os', ...logOptions })
    await using served = await serveLog(log, { listeners: [{ port: 0 }], ...options })
    await using client = await WireClient.connect(served.places[0]!)
    await work(client, log, served)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

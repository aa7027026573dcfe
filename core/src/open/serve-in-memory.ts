import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { fetchSessionLimits } from '../server/fetch-sessions.ts'
import { defaultLimits, WireServer, type WireLimits } from '../server/wire-server.ts'
import { MemoryNet, type MemorySocket } from '../simulation/memory-net.ts'

/** A server that is reached from its own process only, for tests. */
export interface ServedInMemory extends AsyncDisposable {
  connect(): Promise<MemorySocket>
}

interface ServeInMemoryOptions {
  readonly limits?: Partial<WireLimits>
  readonly onError?: (error: unknown) => void
}

/** Serves an embedded log on the wire, on a network in memory. */
export async function serveInMemory(log: LogClient, { limits, onError }: ServeInMemoryOptions = {}): Promise<ServedInMemory> {
  const net = new MemoryNet()
  const server = await WireServer.open({
    broker: (log as EmbeddedLog).broker,
    net,
    identity: { clusterId: 'memory', nodeId: 1, maxReplicationFactor: 3 },
    listeners: [{ host: '127.0.0.1', port: 0 }],
    limits: { ...defaultLimits, ...limits },
    fetchSessions: fetchSessionLimits(100),
    authorization: null,
    onAudit: null,
    onError: onError ?? (() => {}),
  })
  const [place] = server.places
  return { connect: () => net.connect(place!), [Symbol.asyncDispose]: () => server.close(1_000) }
}

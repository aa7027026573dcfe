import { coreMetrics } from '../base/metric-catalogue.ts'
import type { World } from '../base/world.ts'
import type { AutoCreatedTopics } from '../broker/auto-creation.ts'
import { Broker } from '../broker/broker.ts'
import { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { Durability, LogGeometry } from '../log/log-options.ts'
import { MetricRegistry } from '../metrics/metric-registry.ts'

/** Sizes at which a workload of forty operations crosses every border: journal turns, rolls, checkpoints, evictions. */
export const tinyGeometry: LogGeometry = {
  journal: { fileBytes: 8192, blockBytes: 512 },
  roundBytes: 1024,
  maxFrameBytes: 2048,
  writeBehindBytes: 300,
  tailBytes: 600,
  openSegments: { openFiles: 3, indexBytes: 200 },
  internalSegmentBytes: 1200,
}

const logFolder = '/log'

export interface SimulatedLog {
  readonly broker: Broker
  readonly log: EmbeddedLog
}

/** The real log on simulated ports. Producer ids are rotated after three epochs. */
export async function openSimulatedLog(
  world: World,
  durability: Durability = 'sync',
  geometry: LogGeometry = tinyGeometry,
  folder: string = logFolder,
  autoCreateTopics?: AutoCreatedTopics,
): Promise<SimulatedLog> {
  const metrics = new MetricRegistry(coreMetrics, world.clock)
  const broker = await Broker.open({
    world,
    metrics,
    folder,
    durability,
    geometry,
    coordinatorPartitions: 1,
    epochLimit: 3,
    autoCreateTopics,
  })
  return { broker, log: new EmbeddedLog(broker) }
}

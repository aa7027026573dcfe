import type { Plan, SubTopology } from '../plan/plan.ts'
import { taskId } from '../plan/lay-out.ts'
import type { InstanceTasks } from '../runtime/group-talk.ts'
import type { Instance } from '../runtime/instance.ts'
import { streamError } from '../time/stream-errors.ts'

/** An instance of an application, as the last assignment of its group has it (Kafka's StreamsMetadata). */
export interface InstanceMetadata {
  /** Names it over its restarts. */
  readonly instance: string
  /** Its option `server`; null: it has none. */
  readonly server: string | null
  /** It is the one that is asked. */
  readonly isHere: boolean
  /** Tasks that it runs, and stores that it has partitions of thereby; global tables are everywhere. */
  readonly tasks: readonly string[]
  readonly stores: readonly string[]
  /** Tasks whose stores it keeps a copy of. */
  readonly standbyTasks: readonly string[]
  readonly standbyStores: readonly string[]
}

/** Where the row of a key is, whether there is one or not (Kafka's KeyQueryMetadata). */
export interface KeyMetadata {
  readonly task: string
  readonly partition: number
  /** The instance that has it; null while its task moves. */
  readonly active: InstanceMetadata | null
  /** Those with a copy, which may be behind. */
  readonly standby: readonly InstanceMetadata[]
}

export function instancesOf({ instances, id }: Instance, plan: Plan): readonly InstanceMetadata[] {
  return instances.map((one) => metadataOf(one, plan, id))
}

/** @throws STORE_UNKNOWN */
export function keyMetadataOf(instance: Instance, plan: Plan, store: string, key: unknown): KeyMetadata {
  const subTopology = subTopologyOf(plan, store)
  const { key: serde } = subTopology.stores.find(({ name }) => name === store)!
  const partition = instance.partitionOf(subTopology, serde.write(key))
  const task = taskId(subTopology.id, partition)
  const instances = instancesOf(instance, plan)
  return {
    task,
    partition,
    active: instances.find(({ tasks }) => tasks.includes(task)) ?? null,
    standby: instances.filter(({ standbyTasks }) => standbyTasks.includes(task)),
  }
}

function subTopologyOf({ subTopologies }: Plan, store: string): SubTopology {
  const found = subTopologies.find(({ stores }) => stores.some(({ name }) => name === store))
  if (found !== undefined) return found
  throw streamError('STORE_UNKNOWN', {
    what: 'the topology has no store of this name that is divided into partitions',
    where: store,
    expected: subTopologies.flatMap(({ stores }) => stores.map(({ name }) => name)).join(', ') || 'none',
  })
}

function metadataOf({ instance, server, active, standby }: InstanceTasks, plan: Plan, here: string): InstanceMetadata {
  return {
    instance,
    server,
    isHere: instance === here,
    tasks: active,
    stores: storesOf(active, plan),
    standbyTasks: standby,
    standbyStores: storesOf(standby, plan),
  }
}

function storesOf(tasks: readonly string[], { subTopologies }: Plan): readonly string[] {
  const ids = new Set(tasks.map((task) => Number.parseInt(task, 10)))
  return subTopologies.filter(({ id }) => ids.has(id)).flatMap(({ stores }) => stores.map(({ name }) => name))
}

import { streamError } from '../time/stream-errors.ts'
import type {
  InternalTopic,
  Layout,
  NewInternalTopic,
  Plan,
  RepartitionTopic,
  SubTopology,
  TaskSpec,
  TopicsTogether,
} from './plan.ts'

/**
 * The tasks and internal topics of a plan over topics that are there.
 * @param counts partitions of every topic in `plan.sourceTopics`
 * @throws SOURCE_TOPIC_MISSING; PARTITIONS_DIFFER when equal keys could not meet in one task
 */
export function layOut(plan: Plan, counts: ReadonlyMap<string, number>): Layout {
  for (const topic of plan.sourceTopics) if (!counts.has(topic)) throw missing(topic)
  const together = plan.subTopologies.flatMap((sub) => sub.together)
  const all = withRepartitions(plan.internalTopics, together, counts)
  for (const group of together) checkEqual(group, all)
  const tasks = plan.subTopologies.flatMap((sub) => tasksOf(sub, all))
  const internalTopics = plan.internalTopics.map((topic) => newTopic(topic, tasks, all))
  return { tasks, internalTopics }
}

/** `<sub-topology>_<partition>`, as in Kafka Streams. */
export function taskId(subTopology: number, partition: number): string {
  return `${subTopology}_${partition}`
}

/**
 * Adds the repartition topics. One without a count takes that of the topics which it must equal and which have one: source topics,
 * and repartitions with a count. Where it meets none, it takes the most of what it inherits from and of what it meets; since
 * counts only rise, to a greatest one, this comes to rest.
 */
function withRepartitions(
  topics: readonly InternalTopic[],
  together: readonly TopicsTogether[],
  counts: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const all = new Map(counts)
  const open = topics.filter((topic) => topic.kind === 'repartition').filter((topic) => !fixed(topic, all))
  const known = new Map(all)
  const wanted = ({ topic, inherits }: RepartitionTopic): number => {
    const equal = meeting(topic, together)
    const given = equal.filter((one) => known.has(one))
    return given.length > 0 ? most(given, known) : most([...equal, ...inherits], all)
  }
  let rising = true
  while (rising) {
    rising = false
    for (const topic of open) {
      const count = wanted(topic)
      if (count === all.get(topic.topic)) continue
      all.set(topic.topic, count)
      rising = true
    }
  }
  return all
}

/** The topic, and all that must have as many partitions: also those that it meets through others. */
function meeting(topic: string, together: readonly TopicsTogether[]): readonly string[] {
  const found = new Set([topic])
  for (const one of found) {
    for (const { topics } of together) if (topics.includes(one)) for (const other of topics) found.add(other)
  }
  return [...found]
}

function fixed({ topic, partitions }: RepartitionTopic, counts: Map<string, number>): boolean {
  if (partitions !== null) counts.set(topic, partitions)
  return partitions !== null
}

function most(topics: readonly string[], counts: ReadonlyMap<string, number>): number {
  return Math.max(...topics.map((topic) => counts.get(topic) ?? 0))
}

function checkEqual({ node, store, topics }: TopicsTogether, counts: ReadonlyMap<string, number>): void {
  const found = topics.map((topic) => counts.get(topic))
  if (found.every((count) => count === found[0])) return
  const received = topics.map((topic) => `${topic} ${counts.get(topic)}`).join(', ')
  throw streamError('PARTITIONS_DIFFER', {
    what: 'topics of one operator differ in partitions',
    where: store === null ? node : `store ${store}`,
    received,
  })
}

function tasksOf({ id, sources }: SubTopology, counts: ReadonlyMap<string, number>): TaskSpec[] {
  const topics = sources.map(({ topic }) => topic)
  return Array.from({ length: most(topics, counts) }, (_, partition) => ({
    id: taskId(id, partition),
    subTopology: id,
    partition,
    inputs: topics.filter((topic) => partition < counts.get(topic)!),
  }))
}

function newTopic(topic: InternalTopic, tasks: readonly TaskSpec[], counts: ReadonlyMap<string, number>): NewInternalTopic {
  const partitions =
    topic.kind === 'repartition'
      ? counts.get(topic.topic)!
      : tasks.filter((task) => task.subTopology === topic.subTopology).length
  return { topic: topic.topic, partitions, config: topic.config }
}

function missing(topic: string): Error {
  return streamError('SOURCE_TOPIC_MISSING', { what: 'a topic that the topology reads does not exist', where: topic })
}

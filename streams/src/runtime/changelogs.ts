import type { LogClient } from '@millrace/core'
import type { Plan, StoreSpec } from '../plan/plan.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * The plan with the changelog of each table settled: its source topic, where that is compacted, or one of its own.
 *
 * The decision is made at the first start and holds from then on: an own changelog that is there is used, and a table that began
 * without one stays with its source topic. A table whose replaced values matter to an operator behind it gets its own: compaction
 * may take the value that a row had at the last commit, and after the loss of an engine nobody would know it.
 * @throws CHANGELOG_LOST when the source topic is not compacted any more and was the only one
 */
export async function settleChangelogs(log: LogClient, plan: Plan): Promise<Plan> {
  const tables = plan.subTopologies.flatMap(({ stores }) => stores.filter((store) => store.source !== null))
  if (tables.length === 0) return plan
  const begun = new Set((await log.admin.groupOffsets(plan.applicationId)).map(({ topic }) => topic))
  const own = await log.admin.describeTopics(tables.map(({ changelog }) => changelog))
  const sources = await log.admin.describeTopics(tables.map(({ source }) => source!.topic))
  const bySource = tables.filter((table, index) => {
    if (own[index]) return false
    const isCompacted = sources[index]?.config['cleanup.policy'] === 'compact'
    if (!begun.has(table.source!.topic)) return isCompacted && !table.source!.replacedMatter
    if (!isCompacted) throw lost(table)
    return true
  })
  return withSources(plan, new Set(bySource.map(({ changelog }) => changelog)))
}

/** The ids of source topics that stand for changelogs. */
export async function sourceIds(log: LogClient, plan: Plan): Promise<readonly (readonly [topic: string, id: string])[]> {
  const stores = plan.subTopologies.flatMap((sub) => sub.stores).filter(({ changelogKind }) => changelogKind === 'source')
  const descriptions = await log.admin.describeTopics(stores.map(({ changelog }) => changelog))
  return descriptions.flatMap((description) => (description === null ? [] : [[description.topic, description.topicId] as const]))
}

function withSources(plan: Plan, changelogs: ReadonlySet<string>): Plan {
  const settled = (store: StoreSpec): StoreSpec =>
    changelogs.has(store.changelog) ? { ...store, changelog: store.source!.topic, changelogKind: 'source' } : store
  return {
    ...plan,
    subTopologies: plan.subTopologies.map((sub) => ({ ...sub, stores: sub.stores.map(settled) })),
    internalTopics: plan.internalTopics.filter(({ topic }) => !changelogs.has(topic)),
  }
}

function lost({ name, source }: StoreSpec): Error {
  return streamError('CHANGELOG_LOST', {
    what: 'the application has read this topic before, and its table has no changelog to come back from',
    where: `table ${name}, topic ${source!.topic}`,
    expected: 'cleanup.policy compact',
  })
}

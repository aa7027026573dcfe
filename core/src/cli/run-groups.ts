import { partitionName } from '../base/ids.ts'
import type { Admin } from '../client/admin.ts'
import type { LogClient } from '../client/log-client.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { printRows, type Row } from './print-rows.ts'
import { partitionsNamed } from './partitions-named.ts'
import { plannedReset, resetPlace, type ResetValues } from './reset-plan.ts'
import { UsageError } from './usage-error.ts'
import { withLog, type Place } from './with-log.ts'

interface ListValues extends Place {
  readonly json: boolean
}

export function listGroups(values: ListValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const groups = await admin.listGroups()
    printRows(
      groups.map(({ group, state, protocolType }) => ({ group, state, protocolType })),
      values.json,
      context.out,
    )
  })
}

interface GroupsValues extends Place {
  readonly group: readonly string[]
  readonly 'all-groups': boolean
}

interface DescribeValues extends GroupsValues {
  readonly members: boolean
  readonly state: boolean
  readonly json: boolean
}

export function describeGroups(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  if (values.members && values.state) throw new UsageError('--members or --state, not both')
  return withLog(values, context, async (log) => {
    const groups = await groupsOf(values, log)
    const show = values.members ? memberRows : values.state ? stateRows : offsetRows
    const rows = await Promise.all(groups.map((group) => show(log.admin, group)))
    printRows(rows.flat(), values.json, context.out)
  })
}

async function offsetRows(admin: Admin, group: string): Promise<Row[]> {
  const lags = await admin.groupLag(group, { isolation: 'read_uncommitted' })
  return lags.map(({ topic, partition, committed, end, lag }) => ({
    group,
    topic,
    partition,
    currentOffset: committed,
    logEndOffset: end,
    lag,
  }))
}

async function memberRows(admin: Admin, group: string): Promise<Row[]> {
  const [details] = await admin.describeGroups([group])
  return details!.members.map(({ member, instance, clientId, host, partitions }) => ({
    group,
    member,
    instance,
    clientId,
    host,
    partitions: partitions.map(partitionName),
  }))
}

async function stateRows(admin: Admin, group: string): Promise<Row[]> {
  const [details] = await admin.describeGroups([group])
  const { state, assignor, generation, members } = details!
  return [{ group, state, assignor, generation, members: members.length }]
}

/** @throws UsageError when none is named */
async function groupsOf({ group, 'all-groups': all }: GroupsValues, { admin }: LogClient): Promise<readonly string[]> {
  if (all) return (await admin.listGroups()).map((one) => one.group)
  if (group.length === 0) throw new UsageError('--group or --all-groups is missing')
  return group
}

interface ResetOffsetsValues extends ResetValues, Place {
  readonly group: string
  readonly topic: readonly string[]
  readonly 'all-topics': boolean
  readonly 'dry-run': boolean
  readonly execute: boolean
  readonly json: boolean
}

/** Planned and done are the same: what a dry run says is what is committed. */
export function resetOffsets(values: ResetOffsetsValues, context: CommandContext): Promise<ExitCode> {
  const { group, topic, execute } = values
  if (execute && values['dry-run']) throw new UsageError('--dry-run or --execute, not both')
  if (values['all-topics'] === topic.length > 0) throw new UsageError('--topic or --all-topics, one of them')
  const place = resetPlace(values, context.world.clock.now())
  return withLog(values, context, async ({ admin }) => {
    const committed = await admin.groupOffsets(group)
    const partitions = values['all-topics'] ? committed : await partitionsNamed(admin, topic)
    const plan = await plannedReset(admin, committed, partitions, place)
    if (execute)
      await admin.alterGroupOffsets(
        group,
        plan.map(({ topic: name, partition, newOffset }) => ({ topic: name, partition, offset: newOffset })),
      )
    printRows(
      plan.map((row) => ({ group, ...row })),
      values.json,
      context.out,
    )
    if (!execute) context.err('Nothing was changed: --execute does it.')
  })
}

interface DeleteOffsetsValues extends Place {
  readonly group: string
  readonly topic: readonly string[]
}

export function deleteOffsets(values: DeleteOffsetsValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const partitions = await partitionsNamed(admin, values.topic)
    await admin.deleteGroupOffsets(values.group, partitions)
    for (const partition of partitions) context.out(`${values.group} has no offset of ${partitionName(partition)}`)
  })
}

export function deleteGroups(values: GroupsValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async (log) => {
    const groups = await groupsOf(values, log)
    await log.admin.deleteGroups(groups)
    for (const group of groups) context.out(`deleted ${group}`)
  })
}

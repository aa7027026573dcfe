import type { LogClient } from '../client/log-client.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { namedValues } from './named-values.ts'
import { printRows } from './print-rows.ts'
import { UsageError } from './usage-error.ts'
import { entityOf, entityText, isMeant, topicOf, type EntityFlags } from './quota-entities.ts'
import { withLog, type Place } from './with-log.ts'

interface DescribeValues extends Place, EntityFlags {
  readonly all: boolean
  readonly json: boolean
}

export function describeConfigs(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  const topic = topicOf(values)
  if (topic === undefined) return describeQuotas(values, context)
  return withLog(values, context, async ({ admin }) => {
    const entries = await admin.describeTopicConfig(topic)
    const shown = values.all ? entries : entries.filter(({ isDefault }) => !isDefault)
    printRows(
      shown.map(({ name, value, isDefault, about }) => ({ name, value, isDefault, about })),
      values.json,
      context.out,
    )
  })
}

function describeQuotas(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  entityOf(values)
  return withLog(values, context, async ({ admin }) => {
    const meant = (await admin.listQuotas()).filter((quotas) => isMeant(quotas, values))
    const rows = meant.flatMap((quotas) =>
      Object.entries(quotas.values).map(([name, value]) => ({ entity: entityText(quotas.entity), name, value })),
    )
    printRows(rows, values.json, context.out)
  })
}

interface AlterValues extends Place, EntityFlags {
  readonly 'add-config': readonly string[]
  readonly 'delete-config': readonly string[]
}

export function alterConfigs(values: AlterValues, context: CommandContext): Promise<ExitCode> {
  const removed = values['delete-config'].flatMap((text) => text.split(','))
  const added = namedValues('add-config', values['add-config'].flatMap(settingsIn))
  if (removed.length + Object.keys(added).length === 0) throw new UsageError('--add-config or --delete-config is missing')
  const twice = removed.find((name) => Object.hasOwn(added, name))
  if (twice !== undefined) throw new UsageError(`${twice} is to be set and to be deleted`)
  const changes = { ...added, ...Object.fromEntries(removed.map((name) => [name, null])) }
  const topic = topicOf(values)
  const change =
    topic === undefined
      ? quotaChange(values, changes)
      : ({ admin }: LogClient): Promise<void> => admin.alterTopicConfig(topic, changes)
  return withLog(values, context, async (log) => {
    await change(log)
    const reset = topic === undefined ? 'is removed' : 'has its default'
    for (const [name, value] of Object.entries(changes)) context.out(value === null ? `${name} ${reset}` : `${name}=${value}`)
  })
}

/** @throws UsageError */
function quotaChange(values: AlterValues, changes: Readonly<Record<string, string | null>>): (log: LogClient) => Promise<void> {
  const entity = entityOf(values)
  if (entity === undefined) throw new UsageError('--entity-name or --entity-default is missing')
  const numbers = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, value === null ? null : numberIn(name, value)]),
  )
  return ({ admin }) => admin.alterQuotas(entity, numbers)
}

function numberIn(name: string, value: string): number {
  if (/^\d{1,15}(\.\d{1,15})?$/.test(value)) return Number(value)
  throw new UsageError(`${name} takes a number, not ${value}`)
}

/** `a=1,b=[x,y]` holds two. */
function settingsIn(text: string): string[] {
  return (text.match(/[^,=]+=\[[^\]]*\]|[^,]+/g) ?? []).map((one) => one.replace(/=\[([^\]]*)\]$/, '=$1'))
}

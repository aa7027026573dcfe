import type { CommandContext, ExitCode } from './command.ts'
import { namedValues } from './named-values.ts'
import { printRows } from './print-rows.ts'
import { UsageError } from './usage-error.ts'
import { withLog, type Place } from './with-log.ts'

interface DescribeValues extends Place {
  readonly 'entity-name': string
  readonly all: boolean
  readonly json: boolean
}

export function describeConfigs(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const entries = await admin.describeTopicConfig(values['entity-name'])
    const shown = values.all ? entries : entries.filter(({ isDefault }) => !isDefault)
    printRows(
      shown.map(({ name, value, isDefault, about }) => ({ name, value, isDefault, about })),
      values.json,
      context.out,
    )
  })
}

interface AlterValues extends Place {
  readonly 'entity-name': string
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
  return withLog(values, context, async ({ admin }) => {
    await admin.alterTopicConfig(values['entity-name'], changes)
    for (const [name, value] of Object.entries(changes))
      context.out(value === null ? `${name} has its default` : `${name}=${value}`)
  })
}

/** `a=1,b=[x,y]` holds two. */
function settingsIn(text: string): string[] {
  return (text.match(/[^,=]+=\[[^\]]*\]|[^,]+/g) ?? []).map((one) => one.replace(/=\[([^\]]*)\]$/, '=$1'))
}

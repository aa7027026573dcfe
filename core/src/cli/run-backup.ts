import type { CommandContext, ExitCode } from './command.ts'
import { withLog, type Place } from './with-log.ts'

interface BackupValues extends Pick<Place, 'dir'> {
  readonly to: string
  readonly json: boolean
}

export function runBackup(values: BackupValues, context: CommandContext): Promise<ExitCode> {
  return withLog({ ...values, 'bootstrap-server': undefined, 'command-config': undefined }, context, async ({ admin }) => {
    const result = await admin.backUp({ to: values.to })
    const { partitions, copiedBytes, linkedBytes } = result
    context.out(
      values.json
        ? JSON.stringify(result)
        : `${partitions} partitions backed up to ${values.to}: ${copiedBytes} bytes copied, ${linkedBytes} bytes shared`,
    )
  })
}

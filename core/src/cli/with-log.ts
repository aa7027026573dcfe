import { coreError } from '../base/error-catalogue.ts'
import type { LogClient } from '../client/log-client.ts'
import { clientConfig } from './client-config.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Where a command finds the log: one of both. */
export interface Place {
  readonly dir: string | undefined
  readonly 'bootstrap-server': string | undefined
  readonly 'command-config': string | undefined
}

/**
 * Opens the log for one command, and closes it after. Only here is it decided which adapter of the port it is.
 * @throws UsageError unless one place is named; DATA_DIRECTORY_MISSING: what is misspelt is not made; DATA_DIRECTORY_LOCKED and what else
 * `embeddedLog` throws, or what `connectLog` throws
 */
export async function withLog(
  place: Place,
  context: CommandContext,
  work: (log: LogClient) => Promise<ExitCode | void>,
): Promise<ExitCode> {
  await using log = await opened(place, context)
  return (await work(log)) ?? 0
}

/** Either adapter is hundreds of modules: what is not used is not loaded. */
async function opened(place: Place, { world, err }: CommandContext): Promise<LogClient> {
  const { dir, 'bootstrap-server': servers, 'command-config': file } = place
  if ((dir === undefined) === (servers === undefined))
    throw new UsageError('--dir or --bootstrap-server, one of them: a data directory, or a server that has one')
  if (servers !== undefined) {
    const { connectLog } = await import('../open/connect-log.ts')
    const config = file === undefined ? {} : clientConfig(world.disk, file, err)
    return connectLog({ bootstrapServers: servers, clientId: 'millrace-cli', world, ...config })
  }
  if (file !== undefined) throw new UsageError('--command-config goes with --bootstrap-server')
  if (world.disk.stat(dir!)?.kind !== 'folder')
    throw coreError('DATA_DIRECTORY_MISSING', { what: 'there is no such directory', where: dir! })
  const { embeddedLog } = await import('../open/embedded-log.ts')
  return embeddedLog({ dir: dir!, world })
}

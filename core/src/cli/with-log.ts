import { coreError } from '../base/error-catalogue.ts'
import type { LogClient } from '../client/log-client.ts'
import { embeddedLog } from '../open/embedded-log.ts'
import type { CommandContext, ExitCode } from './command.ts'

/** Where a command finds the log. */
export interface Place {
  readonly dir: string
}

/**
 * Opens the log for one command, and closes it after. Only here is it decided which adapter of the port it is.
 * @throws DATA_DIRECTORY_MISSING: what is misspelt is not made; DATA_DIRECTORY_LOCKED and what else `embeddedLog` throws
 */
export async function withLog(
  { dir }: Place,
  { world }: CommandContext,
  work: (log: LogClient) => Promise<ExitCode | void>,
): Promise<ExitCode> {
  if (world.disk.stat(dir)?.kind !== 'folder') {
    throw coreError('DATA_DIRECTORY_MISSING', { what: 'there is no such directory', where: dir })
  }
  await using log = await embeddedLog({ dir, world })
  return (await work(log)) ?? 0
}

import type { ScramMechanism } from '../coordinator/scram-credentials.ts'
import { scramUsers } from '../open/scram-users.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { linesOf } from './lines.ts'
import { printRows } from './print-rows.ts'
import { readText } from './read-text.ts'
import { UsageError } from './usage-error.ts'
import { withLog } from './with-log.ts'

/** A directory: of a broker that runs they are the business of kafka-configs. */
interface Place {
  readonly dir: string
}

function inDirectory({ dir }: Place): Parameters<typeof withLog>[0] {
  return { dir, 'bootstrap-server': undefined, 'command-config': undefined }
}

export function listUsers(values: Place & { readonly json: boolean }, context: CommandContext): Promise<ExitCode> {
  return withLog(inDirectory(values), context, async (log) => {
    const rows = (await scramUsers(log).list()).map(({ user, mechanism, iterations }) => ({ user, mechanism, iterations }))
    printRows(rows, values.json, context.out)
  })
}

interface UserValues extends Place {
  readonly user: string
  readonly mechanism: string
}

interface SetValues extends UserValues {
  readonly 'password-file': string | undefined
  readonly iterations: number
}

export async function setUser(values: SetValues, context: CommandContext): Promise<ExitCode> {
  const { user, iterations, 'password-file': file } = values
  const mechanism = values.mechanism as ScramMechanism
  const password = await firstLine(file === undefined ? context.input : [Buffer.from(readText(context.world.disk, file))])
  if (password === '') throw new UsageError('the password is empty: give it on standard input, or with --password-file')
  return withLog(inDirectory(values), context, async (log) => {
    await scramUsers(log).set(user, { mechanism, password, iterations })
    context.out(`${user} can log in with ${mechanism}`)
  })
}

export function deleteUser(values: UserValues, context: CommandContext): Promise<ExitCode> {
  const mechanism = values.mechanism as ScramMechanism
  return withLog(inDirectory(values), context, async (log) => {
    await scramUsers(log).remove(values.user, mechanism)
    context.out(`${values.user} can no longer log in with ${mechanism}`)
  })
}

async function firstLine(chunks: Parameters<typeof linesOf>[0]): Promise<string> {
  for await (const line of linesOf(chunks)) return line
  return ''
}

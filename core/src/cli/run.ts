import { MillraceError } from '../base/errors.ts'
import { UsageError, type Command, type CommandContext, type ExitCode } from './command.ts'
import { dumpLog } from './dump-log.ts'
import { verify } from './verify.ts'

const commands: readonly Command[] = [dumpLog, verify]

/** Commands that live in the other packages, loaded by name only when one is called. */
const elsewhere: Readonly<Record<string, string>> = {
  streams: '@millrace/streams/cli',
  connect: '@millrace/connectors/cli',
  check: '@millrace/connectors/cli',
  test: '@millrace/test/cli',
}

/** Runs one command line. Errors are shown as messages; the exit code says which kind. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') return help(context.out)
  const command = commands.find((one) => one.name === name)
  try {
    if (command !== undefined) return await command.run(rest, context)
    if (Object.hasOwn(elsewhere, name)) return await runElsewhere(elsewhere[name]!, args, context)
    throw new UsageError(`there is no command ${name}; 'millrace help' lists them`)
  } catch (error) {
    return report(error, command, context)
  }
}

function help(out: (line: string) => void): ExitCode {
  out('millrace COMMAND [options]')
  for (const { usage, about } of commands) out(`  ${usage}\n      ${about}`)
  return 0
}

async function runElsewhere(door: string, args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const loaded = await load(door)
  if (loaded !== null) return loaded.runCommand(args, context)
  context.err(
    `The command ${args[0]} is part of ${door.replace('/cli', '')}, which is not installed here or has no commands yet: npm install ${door.replace('/cli', '')}`,
  )
  return 2
}

async function load(door: string): Promise<{ readonly runCommand: typeof runCommand } | null> {
  try {
    return (await import(door)) as { readonly runCommand: typeof runCommand }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return null
    throw error
  }
}

function report(error: unknown, command: Command | undefined, { err }: CommandContext): ExitCode {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  if (!isUsage && !(error instanceof MillraceError)) throw error
  err(error.message)
  if (isUsage && command !== undefined) err(command.usage)
  return isUsage ? 2 : 1
}

/** The door of the `millrace` command: to run it, and what it declares. */

export { runCommand } from './cli/run.ts'
export { commands } from './cli/commands.ts'
export { aboutOption, exitCodes, flagOf, usageOf } from './cli/help.ts'
export { brokerProperties, withoutEffect } from './cli/broker-config.ts'
export type { BrokerProperty } from './cli/broker-config.ts'
export type { Command, CommandContext, CommandDeclaration, ExitCode, Option, Options } from './cli/command.ts'

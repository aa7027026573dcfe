import { aboutOption, brokerProperties, commands, exitCodes, flagOf, usageOf, withoutEffect } from '@millrace/core/cli'
import { table } from '../architecture/table.ts'

/** The sections of core/docs/cli.md, from what the commands declare. */
export const ofCommands: Readonly<Record<string, () => string>> = {
  'exit-codes': () => table([['Code', 'What it says'], ...exitCodes.map(([code, about]) => [String(code), about])]),
  commands: () => commands.map(section).join('\n\n'),
  properties: () =>
    [
      table([
        ['Property', 'Default', 'Takes', 'What it does'],
        ...Object.entries(brokerProperties).map(([name, { default: usual, takes, about }]) => [
          `\`${name}\``,
          usual === '' ? '' : `\`${usual}\``,
          takes,
          about,
        ]),
      ]),
      `Taken without effect, so that a file of a Kafka can be used: ${withoutEffect.map((name) => `\`${name}\``).join(', ')}.`,
    ].join('\n\n'),
}

function section(command: (typeof commands)[number]): string {
  const { name, about, options, notes } = command
  const rows = Object.entries(options).map(([flag, option]) => [
    `\`${flagOf(flag, option).replaceAll('|', '\\|')}\``,
    aboutOption(option),
  ])
  return [
    `### \`millrace ${name}\``,
    `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
    `\`\`\`\n${usageOf(command)}\n\`\`\``,
    ...(rows.length === 0 ? [] : [table([['Option', 'What it does'], ...rows])]),
    ...(notes === undefined ? [] : [notes]),
  ].join('\n\n')
}

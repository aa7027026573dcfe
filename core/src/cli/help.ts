import type { CommandDeclaration, Option } from './command.ts'
import { shownValue } from './read-args.ts'

/** The exit codes, as the help and the docs tell them. */
export const exitCodes: readonly (readonly [code: number, about: string])[] = [
  [0, 'done'],
  [1, 'failed, or found a fault: the message says what happened and what to do'],
  [2, 'called wrongly: an unknown command or flag, or a value that cannot be'],
]

/** One line: what has to be given, and what can be. */
export function usageOf({ name, options }: CommandDeclaration): string {
  const all = Object.entries(options)
  const required = all.filter(([, option]) => option.required)
  const rest = all.filter(([, option]) => !option.required)
  return [
    `millrace ${name}`,
    ...required.map(([flag, option]) => flagOf(flag, option)),
    ...(rest.length > 3 ? ['[options]'] : rest.map(([flag, option]) => `[${flagOf(flag, option)}]`)),
  ].join(' ')
}

/** What `--help` of one command shows. */
export function helpOf(command: CommandDeclaration): string[] {
  const rows = Object.entries(command.options).map(([flag, option]) => [flagOf(flag, option), aboutOption(option)] as const)
  const width = Math.max(0, ...rows.map(([flag]) => flag.length))
  return [
    usageOf(command),
    `  ${command.about}`,
    ...rows.map(([flag, about]) => `    ${flag.padEnd(width)}  ${about}`),
    ...(command.notes === undefined ? [] : ['', command.notes]),
  ]
}

/** What `millrace help` shows. */
export function overview(commands: readonly CommandDeclaration[]): string[] {
  return [
    'millrace COMMAND [options]',
    ...commands.flatMap((command) => [`  ${usageOf(command)}`, `      ${command.about}`]),
    '',
    'millrace COMMAND --help says more about one. Exit codes:',
    ...exitCodes.map(([code, about]) => `  ${code}  ${about}`),
  ]
}

export function flagOf(name: string, option: Option): string {
  const flag = option.takes === 'flag' ? `--${name}` : `--${name} ${shownValue(option)}`
  return option.takes === 'list' ? `${flag}…` : flag
}

export function aboutOption({ about, default: usual, required }: Option): string {
  if (required) return `${about} (required)`
  return usual === undefined ? about : `${about} (default ${usual})`
}

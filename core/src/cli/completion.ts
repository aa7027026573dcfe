import type { CommandDeclaration, Option, Options } from './command.ts'

/** Scripts that complete `millrace` in a shell, printed from the declarations. */

/** For bash: `source <(millrace completion bash)`. */
export function bashCompletion(commands: readonly CommandDeclaration[]): string {
  return `_millrace() {
  local word="\${COMP_WORDS[COMP_CWORD]}" last="\${COMP_WORDS[COMP_CWORD-1]}"
  local first="\${COMP_WORDS[1]}" both="\${COMP_WORDS[1]} \${COMP_WORDS[2]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W '${firstWords(commands).join(' ')}' -- "$word")); return; fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$first" in
${actionGroups(commands)
  .map(([first, actions]) => `      ${first}) COMPREPLY=($(compgen -W '${actions.join(' ')}' -- "$word")); return ;;`)
  .join('\n')}
    esac
  fi
  case "$last" in
${choiceFlags(commands)
  .map(([flag, choices]) => `    --${flag}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$word")); return ;;`)
  .join('\n')}
    --dir|--to|--from|--file|--files|--config) [[ "$word" == -* ]] || { COMPREPLY=($(compgen -f -- "$word")); return; } ;;
  esac
  for name in "$both" "$first"; do
    case "$name" in
${commands
  .map(({ name, options }) => `      '${name}') COMPREPLY=($(compgen -W '${flags(options).join(' ')}' -- "$word")); return ;;`)
  .join('\n')}
    esac
  done
}
complete -o filenames -F _millrace millrace`
}

/** For zsh: `source <(millrace completion zsh)`. */
export function zshCompletion(commands: readonly CommandDeclaration[]): string {
  return `#compdef millrace
_millrace() {
  if (( CURRENT == 2 )); then compadd -- ${firstWords(commands).join(' ')}; return; fi
  if (( CURRENT == 3 )); then
    case "\${words[2]}" in
${actionGroups(commands)
  .map(([first, actions]) => `      ${first}) compadd -- ${actions.join(' ')}; return ;;`)
  .join('\n')}
    esac
  fi
  local name
  for name in "\${words[2]} \${words[3]}" "\${words[2]}"; do
    case "$name" in
${commands.map(({ name, options }) => `      '${name}') _arguments '*:: :->rest' ${zshFlags(options)}; return ;;`).join('\n')}
    esac
  done
}
compdef _millrace millrace`
}

function firstWords(commands: readonly CommandDeclaration[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0]!)), 'help']
}

/** The actions of commands that have some. */
function actionGroups(commands: readonly CommandDeclaration[]): [first: string, actions: string[]][] {
  const words = commands.map(({ name }) => name.split(' ')).filter(({ length }) => length === 2)
  return [...new Set(words.map(([first]) => first!))].map((first) => [
    first,
    words.filter((one) => one[0] === first).map((one) => one[1]!),
  ])
}

function flags(options: Options): string[] {
  return [...Object.keys(options), 'help'].map((name) => `--${name}`)
}

function choiceFlags(commands: readonly CommandDeclaration[]): [flag: string, choices: readonly string[]][] {
  const found = new Map<string, readonly string[]>()
  for (const { options } of commands)
    for (const [name, { choices }] of Object.entries(options)) if (choices !== undefined) found.set(name, choices)
  return [...found]
}

function zshFlags(options: Options): string {
  return Object.entries(options)
    .map(([name, option]) => `'${option.takes === 'list' ? '*' : ''}--${name}[${quoted(option.about)}]${zshValue(name, option)}'`)
    .join(' ')
}

function zshValue(name: string, { takes, choices }: Option): string {
  if (takes === 'flag') return ''
  if (choices !== undefined) return `:${name}:(${choices.join(' ')})`
  return `:${name}:_files`
}

/** Inside of single quotes and brackets. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[[\]:\\]/g, String.raw`\$&`)
}

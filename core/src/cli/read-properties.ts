/** Properties as Java reads them: `name=value`, `name: value` or `name value` a line; `#` and `!` begin comments; `\` at the end goes on. */
export function readProperties(text: string): Map<string, string> {
  const read = new Map<string, string>()
  const lines = text.replaceAll(/^[ \t]*[#!].*$/gm, '').replaceAll(/\\\r?\n[ \t]*/g, '')
  for (const line of lines.split(/\r?\n/)) {
    const [, name, value = ''] = /^\s*((?:[^\s=:\\]|\\.)+)(?:\s*[=:]\s*|\s+|$)(.*)$/.exec(line) ?? []
    if (name !== undefined) read.set(unescaped(name), unescaped(value.trimEnd()))
  }
  return read
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter)
}

import { UsageError } from './usage-error.ts'

/** `NAME=VALUE`, given several times. @throws UsageError */
export function namedValues(flag: string, given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`--${flag} takes NAME=VALUE, not ${text}`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

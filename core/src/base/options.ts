import { coreError } from './error-catalogue.ts'

/** One option: what it must be, and what holds without it. An option without default is required. */
interface OptionRule<T> {
  readonly check: (value: unknown) => value is T
  readonly expected: string
  readonly default?: T
}

export type OptionRules<T> = { readonly [Key in keyof T]-?: OptionRule<T[Key]> }

/**
 * Checks options against their rules and fills in what is missing, once, at the door. `undefined` counts as missing.
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function readOptions<T extends object>(subject: string, given: object, rules: OptionRules<T>): T {
  if (!isObject(given)) {
    throw coreError('INVALID_OPTION', { what: `${subject} needs its options`, expected: 'an object', received: shown(given) })
  }
  const names = Object.keys(rules)
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue
    throw coreError('UNKNOWN_OPTION', {
      what: `${subject} has no option ${name}`,
      where: name,
      expected: names.join(', '),
      received: name,
    })
  }
  const read = names.map((name) => [
    name,
    readOption(subject, name, (given as Record<string, unknown>)[name], rules[name as keyof T]),
  ])
  return Object.fromEntries(read) as T
}

function readOption(subject: string, name: string, value: unknown, rule: OptionRule<unknown>): unknown {
  if (value === undefined && 'default' in rule) return rule.default
  if (rule.check(value)) return value
  throw coreError('INVALID_OPTION', {
    what: `${subject} needs another ${name}`,
    where: name,
    expected: rule.expected,
    received: value === undefined ? 'nothing' : shown(value),
  })
}

/** @throws INVALID_OPTION when it is no list of objects, or of text */
export function checkList(name: string, value: unknown, of: 'object' | 'string' = 'object'): void {
  if (Array.isArray(value) && value.every((one) => typeof one === of && one !== null)) return
  const expected = of === 'object' ? 'a list of objects' : 'a list of names'
  throw coreError('INVALID_OPTION', { what: `the ${name} are no list`, where: name, expected, received: shown(value) })
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  const text = typeof value === 'string' ? value : (jsonOf(value) ?? typeof value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** Undefined for what JSON cannot say. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

export function isIntegerFrom(minimum: number): (value: unknown) => value is number {
  return (value): value is number => Number.isSafeInteger(value) && (value as number) >= minimum
}

export function isOneOf<const T extends string>(...values: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => values.includes(value as T)
}

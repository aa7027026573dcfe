/** The functions that cases name, over text; driver/Callbacks.java has the same ones. What stands behind a colon is an argument. */
type Text = string | null

const mappers: Readonly<Record<string, (key: Text, value: Text, argument: string) => Text>> = {
  key: (key) => key,
  value: (_key, value) => value,
  both: (key, value) => `${key}:${value}`,
  null: () => null,
  const: (_key, _value, argument) => argument,
  upper: (_key, value) => value?.toUpperCase() ?? null,
  length: (_key, value) => String(value?.length ?? 0),
  first: (_key, value) => value?.[0] ?? null,
  plus: (_key, value, argument) => `${value}${argument}`,
  'null-if': (_key, value, argument) => (value === argument ? null : value),
  part: (_key, value, argument) => value?.split(':')[Number(argument)] || null,
}

const predicates: Readonly<Record<string, (key: Text, value: Text, argument: string) => boolean>> = {
  all: () => true,
  longer: (_key, value, argument) => value !== null && value.length > Number(argument),
  is: (_key, value, argument) => value === argument,
  starts: (_key, value, argument) => value?.startsWith(argument) === true,
  null: (_key, value) => value === null,
  key: (key, _value, argument) => key === argument,
  above: (_key, value, argument) => value !== null && Number(value) > Number(argument),
}

const flatMappers: Readonly<Record<string, (value: string) => readonly string[]>> = {
  letters: (value) => value.split(''),
  words: (value) => value.split(' ').filter((word) => word !== ''),
  twice: (value) => [value, value],
}

const adders: Readonly<Record<string, (total: Text, value: Text, argument: string) => Text>> = {
  concat: (total, value) => `${total}${value}`,
  sum: (total, value) => String(Number(total) + Number(value)),
  last: (_total, value) => value,
  longest: (total, value) => (value !== null && value.length > total!.length ? value : total),
  'null-on': (total, value, argument) => (value === argument ? null : `${total}${value}`),
}

/** From value and key, as the DSL calls it. */
export function mapper(name: unknown): (value: unknown, key: unknown) => Text {
  if (name === 'inner') return (_value, key) => textOf((key as { readonly key: unknown }).key)
  const [map, argument] = named(mappers, name)
  return (value, key) => map(textOf(key), textOf(value), argument)
}

export function predicate(name: unknown): (value: unknown, key: unknown) => boolean {
  const [test, argument] = named(predicates, name)
  return (value, key) => test(textOf(key), textOf(value), argument)
}

/** Several from one value; none from null. */
export function flatMapper(name: unknown): (value: unknown) => readonly string[] {
  const [map] = named(flatMappers, name)
  return (value) => (value === null ? [] : map(textOf(value)!))
}

export function initial(name: unknown): string {
  return name === 'sum' ? '0' : ''
}

/** The total after one more value. */
export function adder(name: unknown): (total: unknown, value: unknown) => Text {
  const [add, argument] = named(adders, name)
  return (total, value) => add(textOf(total), textOf(value), argument)
}

/** The total without a value that was in it. */
export function subtractor(name: unknown): (total: unknown, value: unknown) => Text {
  if (name !== 'sum') return (total, value) => `${textOf(total)}-${textOf(value)}`
  return (total, value) => String(Number(total) - Number(value))
}

export function merger(name: unknown): (left: unknown, right: unknown) => Text {
  if (name === 'sum') return adder('sum')
  return (left, right) => `${textOf(left)}${textOf(right)}`
}

/** A side that is not there is null or undefined. */
export function joiner(left: unknown, right: unknown): string {
  return `${textOf(left)}+${textOf(right)}`
}

/** Every key and value as text: numbers in decimal, a windowed key as `key@start/end`. */
export function textOf(value: unknown): Text {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  const { key, start, end } = value as { readonly key: unknown; readonly start: number; readonly end: number }
  return `${textOf(key)}@${start}/${end}`
}

function named<F>(all: Readonly<Record<string, F>>, name: unknown): readonly [F, string] {
  const [first, ...rest] = String(name).split(':')
  const found = all[first!]
  if (found === undefined) throw new Error(`no function "${String(name)}"`)
  return [found, rest.join(':')]
}

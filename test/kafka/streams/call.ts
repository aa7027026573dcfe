/** The DSL has no operator of that name, or the front door no function. */
export class Missing extends Error {
  constructor(name: string) {
    super(`there is no ${name}`)
  }
}

/** An operator by its name. @throws Missing */
export function call(target: unknown, name: string, ...args: readonly unknown[]): unknown {
  const found = (target as Readonly<Record<string, unknown>> | undefined)?.[name]
  if (typeof found !== 'function') throw new Missing(name)
  return Reflect.apply(found, target, args)
}

import type { LogClient, Producer } from '@millrace/core'

/** The log, but its transactions wait until they are let go. */
export function holding(log: LogClient): { log: LogClient; hold: () => void; letGo: () => void } {
  let gate = Promise.resolve()
  let letGo = (): void => {}
  const held = (producer: Producer): Producer =>
    override(producer, {
      transact: async (...args: Parameters<Producer['transact']>) => {
        await gate
        return producer.transact(...args)
      },
    })
  return {
    log: override(log, { producer: async (options: Parameters<LogClient['producer']>[0]) => held(await log.producer(options)) }),
    hold: () => {
      gate = new Promise((resolve) => {
        letGo = resolve
      })
    },
    letGo: () => letGo(),
  }
}

function override<T extends object>(target: T, methods: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(at, name): unknown {
      if (typeof name === 'string' && name in methods) return methods[name]
      const found: unknown = Reflect.get(at, name)
      return typeof found === 'function' ? found.bind(at) : found
    },
  })
}

/** What a listener throws is the listener's: it becomes an uncaught exception, and the application goes on. */
export function tell<A extends readonly unknown[]>(listener: (...args: A) => void, ...args: A): void {
  try {
    listener(...args)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

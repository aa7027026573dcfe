import type { NetPlace } from '../base/net.ts'

/** Where a member lives, as Kafka writes it: a name that is not known, a slash, the address. */
export function clientHostOf({ host }: NetPlace): string {
  return `/${host.replace(/^::ffff:/, '')}`
}

import { streamError } from '../time/stream-errors.ts'

const legal = /^[a-zA-Z0-9._-]{1,249}$/

/**
 * The rule of Kafka for topics, which holds for everything that a topic is named after.
 * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID
 */
export function checkName(what: string, name: unknown): asserts name is string {
  if (name === undefined || name === null || name === '') {
    throw streamError('TOPOLOGY_NAME_MISSING', { what: `${what} has no name` })
  }
  if (isLegalName(name)) return
  throw streamError('TOPOLOGY_NAME_INVALID', { what: `the name of ${what} is not allowed`, received: JSON.stringify(name) })
}

export function isLegalName(name: unknown): name is string {
  return typeof name === 'string' && legal.test(name) && name !== '.' && name !== '..'
}

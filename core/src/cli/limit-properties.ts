import type { ConnectionLimitOptions } from '../open/serve-log.ts'
import type { BrokerProperty } from './broker-config.ts'

function limited(
  option: Exclude<keyof ConnectionLimitOptions, 'maxConnectionsByIp'>,
  usual: string,
  minimum: number,
  about: string,
): BrokerProperty {
  return {
    default: usual,
    takes: `an integer from ${minimum}`,
    about,
    apply: (draft, value) => {
      draft.limits = { ...draft.limits, [option]: Number(value) }
      return /^\d{1,15}$/.test(value) && Number(value) >= minimum
    },
  }
}

/** What clients may take of the broker. */
export const limitProperties: Readonly<Record<string, BrokerProperty>> = {
  'max.connections': limited('maxConnections', '10000', 1, 'Connections at once; further ones are closed. (Kafka: no limit.)'),
  'max.connections.per.ip': limited('maxConnectionsPerIp', '2500', 1, 'The same of one address. (Kafka: no limit.)'),
  'max.connections.per.ip.overrides': {
    default: '',
    takes: 'ADDRESS:NUMBER, …',
    about: 'The same of particular addresses; one of IPv6 stands in brackets.',
    apply: (draft, value) => {
      const pairs = value.split(',').map((one) => /^(?:\[([0-9a-fA-F:.]+)\]|([\d.]+)):(\d{1,9})$/.exec(one.trim()))
      const known = pairs.filter((pair) => pair !== null)
      draft.limits = {
        ...draft.limits,
        maxConnectionsByIp: Object.fromEntries(known.map(([, six, four, number]) => [six ?? four, Number(number)])),
      }
      return known.length === pairs.length
    },
  },
  'max.connection.creation.rate': limited(
    'maxConnectionsPerSecond',
    '5000',
    1,
    'New connections in a second; further ones are closed. (Kafka: no limit, and it lets them wait.)',
  ),
  'connections.max.idle.ms': limited('maxIdleMs', '600000', 1, 'A connection that sends nothing for so long is closed.'),
  'connection.failed.authentication.delay.ms': limited(
    'failedDelayMs',
    '100',
    0,
    'How long the answer to a failed authentication is held back.',
  ),
  'socket.request.max.bytes': limited(
    'maxFrameBytes',
    '104857600',
    1,
    'The largest request. Of a client that has not authenticated it is 65536 in any case.',
  ),
}

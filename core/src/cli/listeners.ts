import type { NetPlace } from '../base/net.ts'
import type { ListenerOptions } from '../open/listener-options.ts'
import type { BrokerConfig } from './broker-config.ts'
import { protocols, protocolsByName, type SecurityProtocol } from './security-properties.ts'
import { UsageError } from './usage-error.ts'

/** One listener, and what is spoken there. */
export interface NamedListener {
  readonly name: string
  readonly protocol: SecurityProtocol
  readonly place: ListenerOptions
}

/** Of `--listen`, else of the file's `listeners`, else the usual one. @throws UsageError */
export function listenersOf(listen: readonly string[], config: BrokerConfig): NamedListener[] {
  const { listeners, advertised, controllers } = config
  const property = listen.length > 0 ? '--listen' : 'listeners'
  const named = (listen.length > 0 ? listen.map(withName) : listeners)
    .map((text) => namedPlace(property, text))
    .filter(({ name }) => listen.length > 0 || !controllers.includes(name))
  const shown = new Map(
    advertised.map((text) => namedPlace('advertised.listeners', text)).map(({ name, place }) => [name, place]),
  )
  if (named.length === 0) return [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', place: {} }]
  return named.map(({ name, place }) => {
    const found = listen.length > 0 ? undefined : shown.get(name)
    return {
      name,
      protocol: protocolOf(name, config),
      place: { ...place, ...(found === undefined ? {} : { advertised: found }) },
    }
  })
}

/** `HOST:PORT` alone is in plain text. */
function withName(text: string): string {
  return text.includes('://') ? text : `PLAINTEXT://${text}`
}

/** @throws UsageError */
function protocolOf(name: string, { security }: BrokerConfig): SecurityProtocol {
  const mapped = protocolsByName(security.get('listener.security.protocol.map') ?? '')?.get(name)
  const protocol = mapped ?? protocols.find((one) => one === name)
  if (protocol === undefined)
    throw new UsageError(`listener.security.protocol.map does not say what is spoken at the listener ${name}`)
  return protocol
}

interface NamedPlace {
  readonly name: string
  readonly place: NetPlace
}

/** `PLAINTEXT://localhost:9092`; without a host it is every address, as in Kafka. */
function namedPlace(property: string, text: string): NamedPlace {
  const [, name, place] = /^([A-Za-z0-9_]+):\/\/(.*)$/.exec(text) ?? []
  if (name === undefined) throw new UsageError(`${property} takes NAME://HOST:PORT, not ${text}`)
  return { name: name.toUpperCase(), place: placeOf(property, place!.startsWith(':') ? `0.0.0.0${place}` : place!) }
}

/** An IPv6 address stands in brackets. */
function placeOf(flag: string, text: string): NetPlace {
  const [, bracketed, host = bracketed, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) throw new UsageError(`${flag} takes HOST:PORT, not ${text}`)
  return { host, port: Number(port) }
}

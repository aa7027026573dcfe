import type { NetPlace } from '../base/net.ts'
import type { ListenerOptions } from '../open/listener-options.ts'
import type { BrokerConfig } from './broker-config.ts'
import { UsageError } from './usage-error.ts'

/** Of `--listen`, else of the file's `listeners`, else the usual one. @throws UsageError */
export function listenersOf(listen: readonly string[], { listeners, advertised, controllers }: BrokerConfig): ListenerOptions[] {
  if (listen.length > 0) return listen.map((text) => placeOf('--listen', text))
  const named = listeners.map((text) => namedPlace('listeners', text)).filter(({ name }) => !controllers.includes(name))
  const shown = new Map(
    advertised.map((text) => namedPlace('advertised.listeners', text)).map(({ name, place }) => [name, place]),
  )
  if (named.length === 0) return [{}]
  return named.map(({ name, place }) => ({ ...place, ...(shown.has(name) ? { advertised: shown.get(name)! } : {}) }))
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

import type { World } from '../base/world.ts'
import type { ListenerOptions, OAuthBearerOptions, SaslOptions } from '../open/listener-options.ts'
import { ServerCertificates, type PemPlace } from '../platform/server-certificates.ts'
import type { BrokerConfig } from './broker-config.ts'
import { jaasUsers } from './jaas-users.ts'
import { readText } from './read-text.ts'
import { securityProperties, type SecurityProtocol } from './security-properties.ts'
import { UsageError } from './usage-error.ts'

interface Surroundings {
  readonly config: BrokerConfig
  readonly world: World
  /** Hears of files that changed and are no good. */
  readonly onError: (error: unknown) => void
}

/** What the file says of a listener: for it alone, else for all, else the default. Empty: nothing. */
type Settings = (name: string) => string

/** @throws UsageError, CERTIFICATE_INVALID, NOT_A_FILE */
export function listenerSecurity(name: string, protocol: SecurityProtocol, around: Surroundings): Partial<ListenerOptions> {
  const { security } = around.config
  const settings: Settings = (property) =>
    security.get(`listener.name.${name.toLowerCase()}.${property}`) ??
    security.get(property) ??
    securityProperties[property]?.default ??
    ''
  return {
    ...(protocol.endsWith('SSL')
      ? {
          tls: tlsOf(name, clientsOf(name, protocol, settings, security), settings, around),
          principalMapping: settings('ssl.principal.mapping.rules'),
        }
      : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOf(name, settings, around) } : {}),
  }
}

type Clients = 'none' | 'requested' | 'required'

/** Where SASL says who somebody is, certificates are asked for only where that very listener says so (KIP-684). */
function clientsOf(name: string, protocol: SecurityProtocol, settings: Settings, security: BrokerConfig['security']): Clients {
  const own = security.get(`listener.name.${name.toLowerCase()}.ssl.client.auth`) ?? 'none'
  return (protocol === 'SASL_SSL' ? own : settings('ssl.client.auth')) as Clients
}

function tlsOf(
  name: string,
  clients: Clients,
  settings: Settings,
  { world, onError }: Surroundings,
): NonNullable<ListenerOptions['tls']> {
  const certificate = placeOf(settings, 'ssl.keystore.certificate.chain', 'ssl.keystore.location')
  const key = placeOf(settings, 'ssl.keystore.key', 'ssl.keystore.location')
  if (certificate === null || key === null)
    throw new UsageError(
      `the listener ${name} needs ssl.keystore.location, or ssl.keystore.certificate.chain and ssl.keystore.key`,
    )
  const authorities = placeOf(settings, 'ssl.truststore.certificates', 'ssl.truststore.location')
  const passphrase = settings('ssl.key.password')
  for (const place of [certificate, key, authorities]) if (place !== null && 'file' in place) readText(world.disk, place.file)
  const places = {
    certificate,
    key,
    ...(authorities === null ? {} : { authorities }),
    ...(passphrase === '' ? {} : { passphrase }),
    clients,
  }
  const own = new ServerCertificates(world.disk, places, onError)
  return () => own.current()
}

function placeOf(settings: Settings, text: string, location: string): PemPlace | null {
  if (settings(text) !== '') return { text: settings(text) }
  return settings(location) === '' ? null : { file: settings(location) }
}

function saslOf(name: string, settings: Settings, around: Surroundings): SaslOptions {
  const enabled = settings('sasl.enabled.mechanisms')
    .split(',')
    .map((one) => one.trim())
  const scram = (['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).filter((one) => enabled.includes(one))
  if (enabled[0] === '') throw new UsageError(`the listener ${name} needs sasl.enabled.mechanisms`)
  return {
    ...(enabled.includes('PLAIN') ? { plain: plainUsers(name, settings) } : {}),
    ...(scram.length > 0 ? { scram } : {}),
    ...(enabled.includes('OAUTHBEARER') ? { oauthBearer: tokensOf(name, settings, around) } : {}),
    maxReauthMs: Number(settings('connections.max.reauth.ms')),
  }
}

function plainUsers(name: string, settings: Settings): Readonly<Record<string, string>> {
  const jaas = settings('plain.sasl.jaas.config') || settings('sasl.jaas.config')
  const property = `listener.name.${name.toLowerCase()}.plain.sasl.jaas.config`
  if (jaas === '') throw new UsageError(`PLAIN needs users: ${property}`)
  return jaasUsers(property, jaas)
}

function tokensOf(name: string, settings: Settings, { world }: Surroundings): OAuthBearerOptions {
  const needed = (property: string): string => {
    const value = settings(property)
    if (value === '') throw new UsageError(`OAUTHBEARER at the listener ${name} needs ${property}`)
    return value
  }
  const url = needed('sasl.oauthbearer.jwks.endpoint.url')
  return {
    keys: keysAt(url, settings('org.apache.kafka.sasl.oauthbearer.allowed.urls'), world),
    issuer: needed('sasl.oauthbearer.expected.issuer'),
    audience: needed('sasl.oauthbearer.expected.audience')
      .split(',')
      .map((one) => one.trim()),
    nameClaim: settings('sasl.oauthbearer.sub.claim.name'),
    clockSkewMs: Number(settings('sasl.oauthbearer.clock.skew.seconds')) * 1_000,
    refreshMs: Number(settings('sasl.oauthbearer.jwks.endpoint.refresh.ms')),
  }
}

/** Only what is in the list is asked over the network. */
function keysAt(url: string, allowed: string, { disk }: World): () => string | Promise<string> {
  if (url.startsWith('file://')) {
    const path = decodeURIComponent(new URL(url).pathname)
    return () => readText(disk, path)
  }
  if (allowed.split(',').some((one) => one.trim() === url))
    return async () => (await import('../platform/https-text.ts')).httpsText(url)
  throw new UsageError(`org.apache.kafka.sasl.oauthbearer.allowed.urls does not have ${url}`)
}

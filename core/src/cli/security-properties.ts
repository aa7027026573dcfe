import { principalMapping } from '../server/principal-mapping.ts'
import type { BrokerProperty } from './broker-config.ts'

/** Names of listeners that say by themselves what is spoken, as in Kafka. */
export const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type SecurityProtocol = (typeof protocols)[number]

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

function property(usual: string, takes: string, about: string, check: (value: string) => boolean): BrokerProperty {
  return { default: usual, takes, about, apply: (_, value) => check(value) }
}

const text = (value: string): boolean => value !== ''
const number = (value: string): boolean => /^\d{1,15}$/.test(value)

function pemText(of: string): BrokerProperty {
  return property('', 'PEM text', `${of}, in the file itself.`, (value) => value.includes('-----BEGIN '))
}

/**
 * What makes listeners secure. Each may stand for one listener alone, as `listener.name.NAME.…`, and then goes before what is for all:
 * `listener.name.sasl_ssl.ssl.client.auth=required`.
 */
export const securityProperties: Readonly<Record<string, BrokerProperty>> = {
  'listener.security.protocol.map': property(
    '',
    'NAME:PROTOCOL, …',
    'What is spoken at a listener whose name does not say it.',
    (value) => protocolsByName(value) !== null,
  ),
  'ssl.keystore.type': property('PEM', 'PEM, the only value here', 'Stores of Java are not read.', (value) => value === 'PEM'),
  'ssl.keystore.location': property(
    '',
    'a file',
    'The certificate chain of the listener and its key, as PEM. A changed file holds for new connections.',
    text,
  ),
  'ssl.keystore.certificate.chain': pemText('The certificate chain of the listener'),
  'ssl.keystore.key': pemText('Its key (PKCS #8)'),
  'ssl.key.password': property('', 'a text', 'Of a key that is encrypted.', text),
  'ssl.truststore.type': property('PEM', 'PEM, the only value here', 'Stores of Java are not read.', (value) => value === 'PEM'),
  'ssl.truststore.location': property(
    '',
    'a file',
    'The authorities that certificates of clients may be of, as PEM; read again as the other.',
    text,
  ),
  'ssl.truststore.certificates': pemText('The authorities that certificates of clients may be of'),
  'ssl.client.auth': property('none', 'none, requested or required', 'Whether clients show a certificate.', (value) =>
    ['none', 'requested', 'required'].includes(value),
  ),
  'ssl.principal.mapping.rules': property(
    'DEFAULT',
    'RULE:pattern/replacement/[LU], …, DEFAULT',
    'Who the subject of a certificate is (KIP-371).',
    isMapping,
  ),
  'sasl.enabled.mechanisms': property('', mechanisms.join(', '), 'How clients say who they are, at listeners of SASL.', (value) =>
    value.split(',').every((one) => (mechanisms as readonly string[]).includes(one.trim())),
  ),
  'sasl.jaas.config': property(
    '',
    'PlainLoginModule required user_NAME="PASSWORD" …;',
    'Users of PLAIN, as `listener.name.NAME.plain.sasl.jaas.config`. The users are read; nothing that is named there is loaded.',
    text,
  ),
  'connections.max.reauth.ms': property(
    '0',
    'an integer from 0',
    'How long a session of SASL lasts without a new authentication (KIP-368); 0: for ever.',
    number,
  ),
  'sasl.oauthbearer.jwks.endpoint.url': property(
    '',
    'https://… or file:///…',
    'The public keys of the issuer (RFC 7517).',
    (value) => /^(https|file):\/\/./.test(value),
  ),
  'org.apache.kafka.sasl.oauthbearer.allowed.urls': property(
    '',
    'https://…, …',
    'Those that the endpoint may be of (in Kafka a property of the JVM).',
    text,
  ),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': property('3600000', 'an integer from 1', 'Between two looks at the keys.', number),
  'sasl.oauthbearer.expected.issuer': property('', 'a text', 'What stands in `iss` of a token; required for OAUTHBEARER.', text),
  'sasl.oauthbearer.expected.audience': property(
    '',
    'a text, …',
    'One of these stands in `aud` of a token; required for OAUTHBEARER.',
    text,
  ),
  'sasl.oauthbearer.sub.claim.name': property(
    'sub',
    'the name of a claim',
    'Where the name of the user stands in a token.',
    text,
  ),
  'sasl.oauthbearer.clock.skew.seconds': property('30', 'an integer from 0', "How far the issuer's clock may be off.", number),
}

/** Null where it is no such map. */
export function protocolsByName(map: string): ReadonlyMap<string, SecurityProtocol> | null {
  const pairs = map.split(',').map((pair) => pair.trim().split(':'))
  const isOne = ([name, protocol, more]: readonly string[]): boolean =>
    name !== undefined && name !== '' && more === undefined && (protocols as readonly string[]).includes(protocol ?? '')
  return pairs.every(isOne) ? new Map(pairs.map(([name, protocol]) => [name!.toUpperCase(), protocol as SecurityProtocol])) : null
}

/** `listener.name.sasl_ssl.plain.sasl.jaas.config` is `sasl.jaas.config` of one listener and one mechanism. */
export function unscoped(name: string): string {
  const own = name.replace(/^listener\.name\.[a-z0-9_]+\./, '')
  return own.replace(/^(plain|scram-sha-256|scram-sha-512|oauthbearer)\.(?=sasl\.jaas\.config$)/, '')
}

function isMapping(rules: string): boolean {
  try {
    principalMapping(rules)
    return true
  } catch {
    return false
  }
}

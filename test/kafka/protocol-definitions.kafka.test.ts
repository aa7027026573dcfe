import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  apiNames,
  apiOf,
  decodeRequestBody,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  errorCodes,
  openRequest,
  type ApiName,
} from '@millrace/core/testing'
import { KafkaDriver } from './kafka-driver.ts'
import { findKafka } from './kafka-home.ts'
import { has, kafkaRows, ourRows, type MessageDefinition } from './protocol-definitions.ts'
import { contentOf } from './protocol-frames.ts'
import { messageArbitrary, type AnyMessage } from './protocol-messages.ts'

interface MessageCase {
  readonly name: ApiName
  readonly kind: 'request' | 'response'
}

const kinds = ['request', 'response'] as const
const cases: readonly MessageCase[] = apiNames.flatMap((name) => kinds.map((kind) => ({ name, kind })))
const messagesPerVersion = 40

function versionsOf(name: ApiName): number[] {
  return Array.from({ length: 30 }, (_, version) => version).filter((version) => has(apiOf(name).versions, version))
}

function definitionName({ name, kind }: MessageCase): string {
  return `${apiOf(name).name}${kind === 'request' ? 'Request' : 'Response'}`
}

/** Ours may know fewer versions. In those that it knows nothing may differ. */
describe('the messages of the wire', () => {
  let driver: KafkaDriver
  let definitions: Readonly<Record<string, MessageDefinition>>

  beforeAll(async () => {
    driver = new KafkaDriver(findKafka())
    definitions = await driver.call('protocolDefinitions', { messages: cases.map(definitionName) })
  })

  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
  })

  test.each(cases)('$name $kind has the fields that Kafka defines', ({ name, kind }) => {
    const api = apiOf(name)
    const definition = definitions[definitionName({ name, kind })]!
    const versions = versionsOf(name)
    expect(definition.apiKey).toBe(api.key)
    for (const version of versions) {
      expect(has(definition.validVersions, version), `version ${version}`).toBe(true)
      expect(has(api.flexible, version), `version ${version}`).toBe(has(definition.flexibleVersions, version))
      expect(ourRows(api[kind], version), `version ${version}`).toEqual(kafkaRows(definition, version, versions))
    }
  })

  test.each(cases)("Kafka's classes read $name $kind and write the same bytes, and so do ours", async ({ name, kind }) => {
    for (const version of versionsOf(name)) {
      const definition = definitions[definitionName({ name, kind })]!
      const messages = fc.sample(messageArbitrary(definition, version), { numRuns: messagesPerVersion, seed: version })
      const frames = messages.map((message) => frameOf({ name, kind }, version, message))
      const { key } = apiOf(name)
      const answers = await driver.call('roundTrips', {
        frames: frames.map((bytes) => ({ key, version, kind, bytes: bytes.toString('base64') })),
      })
      answers.forEach((answer, i) => {
        expect(answer, `version ${version}: ${JSON.stringify(messages[i])}`).toEqual({ bytes: frames[i]!.toString('base64') })
        expect(messageIn({ name, kind }, version, frames[i]!)).toMatchObject(messages[i]!)
      })
    }
  })

  test('the codes of errors are those of Kafka', async () => {
    expect(errorCodes).toEqual(await driver.call('protocolErrors', {}))
  })
})

/** Without its size. */
function frameOf({ name, kind }: MessageCase, version: number, message: AnyMessage): Buffer {
  const terms = { version, correlationId: 5, clientId: 'a client' }
  const frame =
    kind === 'request' ? encodeRequest(name, terms, message as never) : encodeResponse(name, version, 5, message as never)
  return contentOf(frame)
}

function messageIn({ name, kind }: MessageCase, version: number, frame: Buffer): AnyMessage {
  if (kind === 'response') return decodeResponse(name, version, frame)
  const request = openRequest(frame)
  if (request.kind !== 'known') throw new Error(`it is of an ${request.kind}`)
  return decodeRequestBody(request.name, request.version, request.body)
}

import {
  apiNames,
  apiOf,
  decodeResponse,
  encodeRequest,
  type ApiName,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/core/testing'
import type { Surroundings } from './any-request.ts'
import { canaryPrefix } from './canary.ts'
import { Draws } from './draws.ts'
import type { Exchange } from './exchange.ts'
import { Forge } from './forge.ts'
import { HostileLane, type Tally } from './hostile-lane.ts'

/** A server, and what tells where it stands. */
export interface Target {
  readonly open: () => Promise<Exchange>
  readonly served: ReadonlySet<ApiName>
  /** Asked after every connection. @throws when something is wrong */
  readonly look: () => void
  /** For the message of an error. */
  readonly state: () => Promise<string>
}

export interface Attack {
  readonly target: Target
  readonly frames: number
  readonly seed: number
  readonly lanes: number
  readonly tally: Tally
}

const tidyEvery = 25_000
const hangMs = 60_000

/** So many frames, on so many connections at a time. @throws at the first thing that is not as it has to be */
export async function attack({ target, frames, seed, lanes, tally }: Attack): Promise<void> {
  const { open, served, look, state } = target
  let around = await tidy(open)
  const all = Array.from({ length: lanes }, (_, lane) => {
    const draws = new Draws(seed * 1_000 + lane)
    return new HostileLane({ open, draws, forge: new Forge(draws, () => around), served, tally })
  })
  const end = tally.frames + frames
  let tidyAt = tally.frames + tidyEvery
  const work = async (lane: HostileLane): Promise<void> => {
    while (tally.frames < end) {
      try {
        await lane.connection()
        look()
        if (tally.frames < tidyAt) continue
        tidyAt = tally.frames + tidyEvery
        around = await tidy(open)
      } catch (error) {
        const shown = lane.last.map(({ kind, bytes }) => `${kind} ${bytes.toString('hex').slice(0, 4_000)}`)
        throw new Error([(error as Error).message, await state(), ...shown].join('\n'), { cause: error })
      }
    }
  }
  await gettingOn(Promise.all(all.map(work)), tally, all)
}

/** @throws when no lane gets on for a minute: that is a hang on any machine */
async function gettingOn(working: Promise<unknown>, tally: Tally, lanes: readonly HostileLane[]): Promise<void> {
  let before = -1
  const hang = Promise.withResolvers<never>()
  const timer = setInterval(() => {
    const frames = lanes.flatMap(({ last }) => last.slice(-1).map(({ bytes }) => bytes.toString('hex').slice(0, 1_000)))
    if (before === tally.frames) hang.reject(new Error(`nothing got on for a minute; the last frames:\n${frames.join('\n')}`))
    before = tally.frames
  }, hangMs)
  try {
    await Promise.race([working, hang.promise])
  } finally {
    clearInterval(timer)
  }
}

export async function servedBy(open: Target['open']): Promise<ReadonlySet<ApiName>> {
  const { apiKeys } = await ask(await open(), 'apiVersions', { clientSoftwareName: 'fuzz', clientSoftwareVersion: '1' }, 3)
  return new Set(apiNames.filter((name) => apiKeys.some(({ apiKey }) => apiKey === apiOf(name).key)))
}

const topics: readonly string[] = ['t0', 't1', 't2', 'jt']

/** What hostile clients made goes away, and what they may speak of is there again. */
async function tidy(open: Target['open']): Promise<Surroundings> {
  const exchange = await open()
  const { topics: there } = await ask(exchange, 'metadata', { topics: null, allowAutoTopicCreation: false }, 9)
  const others = there.flatMap(({ name }) => (name === null || name.startsWith(canaryPrefix) ? [] : [name]))
  await ask(exchange, 'deleteTopics', { topicNames: others, timeoutMs: 60_000 }, 5)
  const made = topics.map((name) => ({ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }))
  await ask(exchange, 'createTopics', { topics: made, timeoutMs: 60_000, validateOnly: false }, 6)
  const named = topics.map((name) => ({ name, topicId: '0'.repeat(32) }))
  const described = await ask(exchange, 'metadata', { topics: named, allowAutoTopicCreation: false }, 12)
  exchange.leave()
  return { topics, topicIds: described.topics.map(({ topicId }) => topicId) }
}

async function ask<Name extends ApiName>(
  exchange: Exchange,
  name: Name,
  request: RequestDraft<Name>,
  version: number,
): Promise<ResponseOf<Name>> {
  exchange.write(Buffer.concat(encodeRequest(name, { version, correlationId: 1, clientId: 'tidy' }, request).chunks))
  const frame = await exchange.next()
  if (frame === null) throw new Error(`a client in good order was closed instead of an answer to ${name}`)
  return decodeResponse(name, version, frame)
}

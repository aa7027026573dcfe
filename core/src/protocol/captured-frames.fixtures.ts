import { readFileSync } from 'node:fs'
import type { ApiName } from './apis.ts'
import type { MessageCase } from './messages.fixtures.ts'
import type { MessageKind } from './message-codec.ts'

/** What real clients sent and a real Kafka answered; how it was captured stands in the file. */
export interface CapturedFrame extends MessageCase {
  readonly client: string
  readonly frame: Uint8Array
}

export const capturedFrames: readonly CapturedFrame[] = readFileSync(
  new URL('testdata/captured-frames.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [client, name, kind, version, bytes] = line.split(' ') as [string, ApiName, MessageKind, string, string]
    return { client, name, kind, version: Number(version), frame: new Uint8Array(Buffer.from(bytes, 'base64')) }
  })

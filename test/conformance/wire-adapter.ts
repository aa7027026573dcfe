import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connectLog, embeddedLog, serveLog, type LogClient, type ServedLog } from '@millrace/core'
import type { LogAdapter, LogSettings } from './adapter.ts'

const rulesAtServer = 'the rules of the topic are checked by the server, and told by flush or send'
const namesOnly = 'topics are named by name'
const assignOnly = 'there are no members of groups yet'

const differences: Readonly<Record<string, string>> = {
  'a large batch is taken whole, in record batches of bounded size': 'the bound is four times as large',
  'a time outside of what the topic takes is refused with the place and the index of the record': rulesAtServer,
  'a record without key is refused where the topic is compacted; a tombstone is not': rulesAtServer,
  'a record that is larger than the topic takes is refused; those before and behind it are written': rulesAtServer,
  'a raised bound holds from the next batch on': rulesAtServer,
  'what append refuses at once leaves the transaction whole': rulesAtServer,
  'flush says what failed since the last one, once': 'a topic that nothing is known of is asked for first',
  'topics and partitions that are not there are refused where they are named':
    'a topic that nothing is known of is asked for first',
  'a batch of a topic that is gone is refused, and so is one of its namesake’s predecessor': namesOnly,
  'two transactions through transact have different names': 'the epoch stays, as every server knows it',
  'members of a group commit with their transaction, until the group has gone on without them': assignOnly,
  'assign and subscribe exclude each other, until the subscription ends': assignOnly,
  'without a group there is no subscribe and no commit': assignOnly,
  'seek goes to an offset, the start, or the end': 'a place with a name is looked up by the next poll',
  'an operator aborts an open transaction; its producer hears of it and goes on': 'who aborts takes the id over',
}

/** A log that is served on a socket of this machine, seen over the wire. */
export function wireAdapter(settings: LogSettings = {}): LogAdapter {
  let dir: string | null = null
  let server: { readonly log: LogClient; readonly served: ServedLog } | null = null
  const stop = async (): Promise<void> => {
    await server?.served.close()
    await server?.log.close()
  }
  const open = async (): Promise<LogClient> => {
    dir ??= await mkdtemp(join(tmpdir(), 'millrace-conformance-'))
    const log = await embeddedLog({ dir, durability: 'os', ...settings })
    server = { log, served: await serveLog(log, { listeners: [{ port: 0 }] }) }
    return connectLog({ bootstrapServers: `127.0.0.1:${server.served.places[0]!.port}` })
  }
  return {
    name: 'wire',
    prefix: 'w',
    capabilities: { virtualTime: false },
    differences,
    open,
    reopen: async (log) => {
      await log.close()
      await stop()
      return open()
    },
    now: () => Date.now(),
    pass: (ms) => setTimeout(ms),
    run: (work) => work(),
    dispose: async () => {
      await stop()
      if (dir !== null) await rm(dir, { recursive: true })
    },
  }
}

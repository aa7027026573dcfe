/**
 * Fills a log and crashes: with records that the journal holds and no segment, in both of its files when it is told to be stuck.
 *
 *   node --conditions=@millrace/source test/bench/crash-child.ts DIR RECORDS [stuck]
 *
 * Stuck: after the records no sync of a segment ever ends, as on a disk that hangs. So no checkpoint is made any more, and
 * the journal fills until it takes nothing more.
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { embeddedLog, nodeWorld, type Disk, type DiskFile, type World } from '@millrace/core'
import { appendAll, createBenchTopic, topicNames, valueOf } from './plain-records.ts'

/** What it says. */
export interface Crashed {
  /** Acknowledged. */
  readonly records: number
}

class HangingDisk {
  hangs = false
  journalWrites = 0

  world(): World {
    const world = nodeWorld()
    const file = (opened: DiskFile): DiskFile => this.file(opened)
    const disk = new Proxy(world.disk, {
      get: (target: Disk, name: keyof Disk) => {
        if (name === 'open') return (path: string) => file(target.open(path))
        if (name === 'create') return (path: string) => file(target.create(path))
        return (target[name] as (...args: unknown[]) => unknown).bind(target)
      },
    })
    return { ...world, disk }
  }

  private file(file: DiskFile): DiskFile {
    return {
      path: file.path,
      read: (into, position) => file.read(into, position),
      write: (chunks, position) => {
        if (file.path.includes('millrace-journal')) this.journalWrites++
        return file.write(chunks, position)
      },
      dataSync: () => (this.hangs && file.path.endsWith('.log') ? new Promise<never>(() => {}) : file.dataSync()),
      close: () => file.close(),
    }
  }
}

const [dir, count, stuck] = process.argv.slice(2) as [string, string, string?]
const hanging = new HangingDisk()
const log = await embeddedLog({ dir, world: hanging.world() })
await createBenchTopic(log, 1)
const producer = await log.producer()
let records = Number(count)
await appendAll(producer, records)
if (stuck === 'stuck') records += await fillJournal()
writeSync(1, `${JSON.stringify({ records } satisfies Crashed)}\n`)
process.kill(process.pid, 'SIGKILL')

/** Until the journal has not been written for a while. Returns what was acknowledged. */
async function fillJournal(): Promise<number> {
  hanging.hangs = true
  let acknowledged = 0
  void (async () => {
    for (;;) {
      const batch = producer.batch(topicNames.bench, 0)
      for (let index = 0; index < 5000; index++) batch.append(null, valueOf(index), index)
      await producer.send(batch)
      acknowledged += batch.count
    }
  })()
  for (let writes = -1; writes !== hanging.journalWrites;) {
    writes = hanging.journalWrites
    await delay(500)
  }
  return acknowledged
}

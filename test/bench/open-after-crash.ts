import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bareRead } from './bare-disk.ts'
import { runChild } from './child-process.ts'
import type { Crashed } from './crash-child.ts'
import type { Opened } from './open-child.ts'
import { recordBytes } from './plain-records.ts'
import { timed, toRow, type Bench } from './row.ts'

/** About 10 GB of segments. */
const counts = { full: 93_000_000, tiny: 20_000 }
const opens = { full: 5, tiny: 1 }

/**
 * A log whose process was killed while both journal files were full of what no segment holds for certain: the longest recovery there
 * is. Each time in a process that has just started; the journal is in the page cache, as after a crash of the process alone.
 */
export const openAfterCrash: Bench = {
  id: 'open-after-crash',
  against: 'read of the journal files',
  async run({ scale, directory }) {
    const dir = join(directory, 'open-after-crash')
    const crashed = await runChild<Crashed>('./crash-child.ts', [
      dir,
      String(counts[scale]),
      scale === 'full' ? 'stuck' : 'killed',
    ])
    const journals = [0, 1].map((file) => join(dir, `millrace-journal-${file}`)).filter((path) => existsSync(path))
    const opened: Opened[] = []
    const read: number[] = []
    for (let turn = 0; turn < opens[scale]; turn++) {
      opened.push(await runChild<Opened>('./open-child.ts', [dir]))
      read.push((await timed(async () => void (await bareRead(journals)))).seconds)
    }
    const { openMs, records, residentMb } = opened.toSorted((a, b) => a.openMs - b.openMs)[opens[scale] >> 1]!
    if (records < crashed.records) throw new Error(`${crashed.records} records were acknowledged, ${records} are there`)
    const seconds = read.toSorted((a, b) => a - b)[opens[scale] >> 1]!
    const ours = { seconds: openMs / 1e3, cpuSeconds: 0 }
    return toRow('open-after-crash', records, records * recordBytes, ours, { seconds, cpuSeconds: 0 }, { openMs, residentMb })
  },
}

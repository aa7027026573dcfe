import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bareRead } from './bare-disk.ts'
import { runChild } from './child-process.ts'
import type { Restarted } from './restart-child.ts'
import { timed, toRow, type Bench } from './row.ts'

/** Rows of a kilobyte. */
const counts = { full: 1_000_000, tiny: 2_000 }
const restarts = { full: 3, tiny: 1 }
const rowBytes = 1000

/** An application with a store of a gigabyte, killed at work and started again: until its store answers. */
export const restart1gb: Bench = {
  id: 'restart-1gb',
  against: 'read of all files of the store, which a restart must not need',
  async run({ scale, directory }) {
    const dir = join(directory, 'restart-1gb')
    const records = counts[scale]
    await runChild<object>('./restart-child.ts', ['fill', dir, String(records)])
    const found: Restarted[] = []
    for (let turn = 0; turn < restarts[scale]; turn++) {
      found.push(await runChild<Restarted>('./restart-child.ts', ['open', dir, String(records)]))
    }
    const { restartMs, logMs, residentMb } = found.toSorted((a, b) => a.restartMs - b.restartMs)[restarts[scale] >> 1]!
    const reference = await timed(async () => void (await bareRead(filesOf(join(dir, 'state')))))
    const ours = { seconds: restartMs / 1e3, cpuSeconds: 0 }
    return toRow('restart-1gb', records, records * rowBytes, ours, reference, { restartMs, logMs, residentMb })
  },
}

function filesOf(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

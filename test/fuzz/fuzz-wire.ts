/**
 * Sends a broker frames that are wrong, and looks at what comes of each.
 *
 *   node --conditions=@millrace/source test/fuzz/fuzz-wire.ts [--frames 100000] [--sockets 0.3] [--seed N] [--lanes 32] [--memory-mib 768]
 *
 * What has to come of a frame follows from the codec alone (foreseen.ts): one that can be read is answered, with its correlation id and
 * in the form of its version; one that cannot closes the connection, and no other.
 *
 * A share of them goes over real sockets to `millrace broker` in a process of its own. Meanwhile a client in good order writes and reads
 * there (canary.ts): it is never left waiting, and what it wrote is there in the end, also when the broker was started again. The
 * broker's memory stays within a bound, it stops at SIGTERM, and `verify` finds no damage. The others go to the same server in this
 * process, over a network in memory.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzzMemory } from './fuzz-memory.ts'
import { fuzzSockets } from './fuzz-sockets.ts'
import type { Tally } from './hostile-lane.ts'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '100000' },
    sockets: { type: 'string', default: '0.3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '32' },
    'memory-mib': { type: 'string', default: '768' },
  },
})
const [frames, share, seed, lanes] = [Number(values.frames), Number(values.sockets), Number(values.seed), Number(values.lanes)]
const dir = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'))
const started = performance.now()

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function seconds(): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}

function sayTally(way: string, { frames: all, connections, ...tally }: Tally): void {
  const { changed, size, noise, content, answered, refused, closed, left, inSingleBytes, inPieces } = tally
  say(`${way}: ${all} frames on ${connections} connections, ${seconds()} from the start`)
  say(`  ${changed} changed, ${size} of a wrong size, ${noise} noise, ${content} of wrong content`)
  say(`  ${answered} answered (${refused} with an error code), ${closed} closed the connection, ${left} left by their client`)
  say(`  ${inSingleBytes} volleys byte by byte, ${inPieces} in pieces`)
}

say(`seed ${seed}`)
try {
  const overSockets = Math.round(frames * share)
  const sockets = await fuzzSockets({ frames: overSockets, seed, lanes, dir, memoryMib: Number(values['memory-mib']) })
  sayTally('over sockets', sockets)
  say(`  ${[...sockets.reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`)
  say(`  ${sockets.canary} records of a client in good order kept; ${sockets.memoryMib} MiB resident at most`)
  const memory = await fuzzMemory({ frames: frames - sockets.frames, seed: seed + 1, lanes, dir })
  sayTally('in memory', memory)
  say(`${sockets.frames + memory.frames} malformed frames survived, seed ${seed}, ${seconds()}`)
  rmSync(dir, { recursive: true })
} catch (error) {
  say(`seed ${seed}, ${dir}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  process.exit(1)
}

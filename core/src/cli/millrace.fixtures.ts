import { nodeWorld } from '../platform/node-world.ts'
import { runCommand } from './run.ts'

/** What a command line wrote, and its exit code. */
export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line in this process, on this machine, without standard input. */
export function millrace(...args: readonly string[]): Promise<Outcome> {
  return millraceWith('', ...args)
}

/** The same with standard input. */
export async function millraceWith(input: string, ...args: readonly string[]): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommand(args, {
    world: nodeWorld(),
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    input: inChunks(Buffer.from(input)),
    stop: () => new AbortController().signal,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** Small ones, so that lines and characters are cut. */
async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}

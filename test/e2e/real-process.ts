import { spawn, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program of this repository in a process group of its own, as a shell would start it. */
export interface RealProcess {
  readonly child: ChildProcess
  /** It has written something to standard output, or has ended. */
  readonly speaking: Promise<unknown>
  /** It writes something more, or ends. */
  more(): Promise<unknown>
  readonly ended: Promise<Ending>
  /** SIGKILL to the whole group. False when it had ended already. */
  kill(): boolean
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What Node has compiled: a program of many files then starts in a quarter of the time. */
const compileCache = join(tmpdir(), 'millrace-e2e-compile-cache')

/** Runs sources, so nothing has to be built. */
export function startProgram(file: URL, args: readonly string[]): RealProcess {
  const child = spawn(process.execPath, ['--conditions=@millrace/source', fileURLToPath(file), ...args], {
    detached: true,
    stdio: 'pipe',
    env: { ...process.env, NO_COLOR: '1', NODE_COMPILE_CACHE: compileCache },
  })
  const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)]
  const ended = new Promise<Ending>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout: stdout(), stderr: stderr() }))
  })
  const more = (): Promise<unknown> => Promise.race([ended, new Promise((resolve) => child.stdout.once('data', resolve))])
  return { child, speaking: more(), more, ended, kill: () => killGroup(child) }
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (pid === undefined || exitCode !== null || signalCode !== null) return false
  try {
    return process.kill(-pid, 'SIGKILL')
  } catch {
    return false // it ended a moment ago
  }
}

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { millraceMain } from './millrace-main.ts'

/** `millrace broker` from its sources, in a process of its own. */
export interface BrokerProcess {
  readonly child: ChildProcess
  readonly port: number
  /** What it has said of connections that ended in an error, and may still say. */
  readonly complaints: readonly string[]
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export interface BrokerOptions {
  readonly dir: string
  /** 0 takes a free one. */
  readonly port?: number
  /** `--config`. */
  readonly config?: string
  /** Hears each line of its standard error, in place of `complaints`. */
  readonly onComplaint?: (line: string) => void
  /** How many files it may have open; sockets are among them. */
  readonly openFiles?: number
  /** Gets the process before it is ready. */
  readonly onSpawn?: (child: ChildProcess) => void
}

/** Resolves when it takes connections. @throws when it ends before */
export async function startBroker({
  dir,
  port = 0,
  config,
  onComplaint,
  openFiles,
  onSpawn,
}: BrokerOptions): Promise<BrokerProcess> {
  const args = ['broker', '--dir', dir, '--listen', `127.0.0.1:${port}`, ...(config === undefined ? [] : ['--config', config])]
  const command = [process.execPath, '--conditions=@millrace/source', millraceMain, ...args]
  // The shell makes way for the broker: what kills the one kills the other.
  const limited = openFiles === undefined ? command : ['sh', '-c', `ulimit -n ${openFiles} && exec "$@"`, 'sh', ...command]
  const child = spawn(limited[0]!, limited.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  onSpawn?.(child)
  const complaints: string[] = []
  onLines(child.stderr, onComplaint ?? ((line) => void complaints.push(line)))
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  )
  const ready = await Promise.race([
    new Promise<string>((resolve) => onLines(child.stdout, resolve)),
    ended.then(({ code, signal }) => {
      throw new Error(`the broker ended (${signal ?? code}) before it was ready: ${complaints.join('\n')}`)
    }),
  ])
  return { child, port: Number(/ready at 127\.0\.0\.1:(\d+)/.exec(ready)![1]), complaints, ended }
}

function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
  })
}

/** The most memory that it has ever had resident, in MiB; null where the system does not tell. */
export function peakMemoryMib({ child }: BrokerProcess): number | null {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
    return found === null ? null : Math.round(Number(found[1]) / 1024)
  } catch {
    return null
  }
}

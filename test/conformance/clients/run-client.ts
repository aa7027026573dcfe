import { spawn } from 'node:child_process'

interface ClientEnd {
  /** Null when it was ended by a signal: it took too long. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a client that is a program of its own, with `input` on its standard input. */
export function runClient(program: string, args: readonly string[], input = '', timeoutMs = 30_000): Promise<ClientEnd> {
  const child = spawn(program, args, { stdio: 'pipe', timeout: timeoutMs })
  const out = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (out[stream] += text))
  }
  child.stdin.on('error', () => {
    // It has ended before it read all of it: its code says how.
  })
  child.stdin.end(input)
  const { promise, resolve, reject } = Promise.withResolvers<ClientEnd>()
  child.on('error', reject).on('close', (code) => resolve({ code, ...out }))
  return promise
}

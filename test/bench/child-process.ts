import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs a program of this folder from its sources, and answers with what it said last: one line of JSON. */
export async function runChild<Said>(file: string, args: readonly string[]): Promise<Said> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@millrace/source', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ending = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(String(signal ?? code)))
  })
  const said = Buffer.concat(chunks).toString('utf8').trim().split('\n').at(-1)!
  if (said === '') throw new Error(`${file} ended with ${ending} and has said nothing`)
  return JSON.parse(said) as Said
}

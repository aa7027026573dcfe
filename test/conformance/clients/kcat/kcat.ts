import { expect } from 'vitest'
import { runClient } from '../run-client.ts'
import type { Served } from '../with-served.ts'

/** Runs kcat, which has to end well, and answers with what it printed. */
export async function kcat({ bootstrap }: Served, args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await runClient('kcat', ['-b', bootstrap, ...args.split(' ')], input)
  expect(code, `kcat ${args}\n${stderr}${stdout}`).toBe(0)
  return stdout
}

/** Its consumer, to the end of what is there. Its default is one record a line: offset, key and value. */
export async function consumed(served: Served, args: string, format = '%o:%k:%s'): Promise<string[]> {
  const text = await kcat(served, `-q -e -f ${format}\\n ${args}`)
  return text.split('\n').slice(0, -1)
}

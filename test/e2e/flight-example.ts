import { startProgram, type Ending, type RealProcess } from './real-process.ts'

const main = new URL('../../examples/01-flight-delays/src/main.ts', import.meta.url)

export function startExample(args: readonly string[]): RealProcess {
  return startProgram(main, args)
}

export async function runExample(args: readonly string[]): Promise<Ending> {
  return startExample(args).ended
}

/** What it has printed with `--json`, sorted. @throws when it failed */
export function rowsOf({ code, signal, stdout, stderr }: Ending): string[] {
  if (code !== 0) throw new Error(`the example ended with ${signal ?? code}: ${stderr}`)
  return stdout.split('\n').slice(0, -1).sort()
}

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ExampleError } from './failure.ts'

export interface Options {
  /** Where `log/` and `state/` lie. */
  readonly data: string
  /** All 3,000,000 flights instead of 20,000. */
  readonly all: boolean
  /** The rows as lines of JSON instead of the table. */
  readonly json: boolean
  /** Remove what earlier runs left, first. */
  readonly fresh: boolean
  readonly help: boolean
}

const defaultData = 'data/01-flight-delays'

export const usage: string = `Delays of real US flights, by airport and day, exactly once.

  npm start -- [options]

  --data DIR   keeps its data in DIR/log and DIR/state (default: ${defaultData})
  --all        takes 3,000,000 flights instead of 20,000; a directory holds either
  --json       prints each row of the result as one line of JSON, and nothing else
  --fresh      removes the data of earlier runs first
  --help       prints this

Kill it at any moment and start it again: it goes on where it was.
`

/** A relative directory is one under the current directory, the default too. @throws ExampleError with exit code 2 */
export function readOptions(args: readonly string[]): Options {
  const { data, ...flags } = parse(args)
  if (data === '') throw misused('--data needs a directory')
  return { ...flags, data: resolve(data) }
}

function parse(args: readonly string[]): Options {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string', default: defaultData },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw misused(firstSentence(error))
  }
}

/** Node goes on with advice for other kinds of programs. */
function firstSentence(error: unknown): string {
  const { message } = error as Error
  return (message.split(/\. |\n/, 1)[0] ?? message).replace(/\.$/, '')
}

function misused(what: string): ExampleError {
  return new ExampleError(`${what}. --help shows the options.`, { exitCode: 2 })
}

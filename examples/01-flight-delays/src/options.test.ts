import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ExampleError } from './failure.ts'
import { readOptions } from './options.ts'

test('readOptions has a default for everything', () => {
  const data = resolve('data/01-flight-delays')
  expect(readOptions([])).toEqual({ data, all: false, json: false, fresh: false, help: false })
})

test('readOptions takes every option', () => {
  const options = readOptions(['--data', 'somewhere', '--all', '--json', '--fresh', '--help'])
  expect(options).toEqual({ data: resolve('somewhere'), all: true, json: true, fresh: true, help: true })
})

test.each([
  ['an unknown option', ['--jason'], "Unknown option '--jason'. --help shows the options."],
  ['an argument without option', ['somewhere'], "Unexpected argument 'somewhere'. --help shows the options."],
  ['a missing directory', ['--data'], "Option '--data <value>' argument missing. --help shows the options."],
  ['an empty directory', ['--data', ''], '--data needs a directory. --help shows the options.'],
  [
    'an option in place of the directory',
    ['--data', '--json'],
    "Option '--data' argument is ambiguous. --help shows the options.",
  ],
  ['a value for a switch', ['--json=yes'], "Option '--json' does not take an argument. --help shows the options."],
])('readOptions refuses %s', (_what, args, message) => {
  const refusal = refusalOf(args)
  expect(refusal.message).toBe(message)
  expect(refusal.exitCode).toBe(2)
})

function refusalOf(args: readonly string[]): ExampleError {
  try {
    readOptions(args)
  } catch (error) {
    if (error instanceof ExampleError) return error
  }
  throw new Error('not refused')
}

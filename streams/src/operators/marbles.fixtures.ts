import { expect } from 'vitest'
import { TestScheduler } from 'rxjs/testing'
import { json, string } from '@millrace/core'
import { memoryStream, type TextKeyed } from '../testing/memory-stream.ts'

/** For each key a diagram of RxJS, as in its run mode: a frame is a millisecond of event time; `|` of any key ends the input. */
export type Diagrams = Readonly<Record<string, string>>

/** As in the run mode of RxJS: one character, one millisecond. */
TestScheduler.frameTimeFactor = 1

const letters = Object.fromEntries('abcdefghijklmnopqrstuvwxyz'.split('').map((letter) => [letter, letter]))

interface Frame {
  readonly key: string
  readonly frame: number
  readonly value: unknown
}

/**
 * Feeds the diagrams to the operators, by time, of equal times in the order of the keys, and expects diagrams of what comes out.
 * A letter stands for itself, or for its value in `values`.
 */
export function expectMarbles<R>(
  operators: (input: TextKeyed<string>) => TextKeyed<R>,
  given: Diagrams,
  { expected, values = {} }: { readonly expected: Diagrams; readonly values?: Readonly<Record<string, unknown>> },
): void {
  const { app } = memoryStream<string>((input) => operators(input).to('out', { key: string, value: json<R>() }))
  for (const { key, frame, value } of framesOf(given, {})) {
    app.process({ topic: 'in', key, value, timestamp: frame })
  }
  if (Object.values(given).some((diagram) => diagram.includes('|'))) app.endOfInput()
  const out = app.outputs.map((one) => ({ key: one.key, frame: one.timestamp, value: one.value }) as Frame)
  for (const key of new Set([...out.map((one) => one.key), ...Object.keys(expected)])) {
    expect({ [key]: of(out, key) }).toEqual({ [key]: of(framesOf(expected, values), key) })
  }
}

function framesOf(diagrams: Diagrams, values: Readonly<Record<string, unknown>>): readonly Frame[] {
  return Object.entries(diagrams)
    .flatMap(([key, diagram]) =>
      TestScheduler.parseMarbles(diagram, { ...letters, ...values }, undefined, false, true).flatMap(({ frame, notification }) =>
        notification.kind === 'N' ? [{ key, frame, value: notification.value }] : [],
      ),
    )
    .toSorted((a, b) => a.frame - b.frame)
}

function of(frames: readonly Frame[], key: string): readonly (readonly [number, unknown])[] {
  return frames.filter((one) => one.key === key).map(({ frame, value }) => [frame, value])
}

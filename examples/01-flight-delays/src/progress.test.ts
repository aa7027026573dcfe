import { expect, test } from 'vitest'
import { showProgress, type Screen } from './progress.ts'

function recorded(isTTY: boolean): { readonly screen: Screen; readonly written: string[]; readonly clock: { now: number } } {
  const written: string[] = []
  return { screen: { isTTY, write: (text) => written.push(text) }, written, clock: { now: 0 } }
}

test('showProgress draws a bar over itself on a terminal', () => {
  const { screen, written, clock } = recorded(true)
  const progress = showProgress({ label: 'Read', total: 2_000 }, screen, () => clock.now)
  progress.update(1) // too soon after the beginning
  clock.now = 100
  progress.update(1_000)
  clock.now = 500
  progress.end()
  expect(written).toEqual([
    `\r\u001B[KRead  ${'█'.repeat(15)}${'░'.repeat(15)}  1,000 of 2,000  0.1 s`,
    `\r\u001B[KRead  ${'█'.repeat(30)}  2,000 of 2,000  0.5 s\n`,
  ])
})

test('showProgress writes a line now and then where there is no terminal', () => {
  const { screen, written, clock } = recorded(false)
  const progress = showProgress({ label: 'Read', total: 2_000 }, screen, () => clock.now)
  for (const now of [1_000, 5_000, 9_000]) {
    clock.now = now
    progress.update(now / 10)
  }
  progress.end()
  expect(written).toEqual(['Read  500 of 2,000  5.0 s\n', 'Read  2,000 of 2,000  9.0 s\n'])
})

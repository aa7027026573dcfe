import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { wordCount } from './topology.ts'

test('wordCount writes every update of every word', () => {
  using driver = new TopologyTestDriver(wordCount())
  driver.pipeInput('lines', { key: 'a', value: 'To be, or not to be', timestamp: 1 })
  const updates = driver.readAll('word-counts').map(({ key, value }) => [key, value])
  expect(updates).toEqual([
    ['to', 1],
    ['be', 1],
    ['or', 1],
    ['not', 1],
    ['to', 2],
    ['be', 2],
  ])
})

test('wordCount takes letters of any script for words, and nothing else', () => {
  using driver = new TopologyTestDriver(wordCount())
  driver.pipeInput('lines', { key: 'a', value: '4 Mühlen – 4!', timestamp: 1 })
  driver.pipeInput('lines', { key: 'b', value: '', timestamp: 2 })
  expect(driver.readAll('word-counts')).toMatchObject([{ key: 'mühlen', value: 1 }])
})

test('the example prints the most frequent words', async () => {
  expect(await inTemporaryFolder(run)).toBe(`word   count
────────────
the       10
river      3
wheel      3
and        2
is         2
stone      2
turns      2
corn       1
`)
})

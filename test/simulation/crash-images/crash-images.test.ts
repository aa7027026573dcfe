import { expect, test } from 'vitest'
import { jobsOf, runJob, type Job } from './jobs.ts'
import type { Workload } from './workloads.ts'

/** A share of what `npm run prove` does. */
test('what a crash, a failing or a lying disk leaves is what was promised', { timeout: 120_000 }, async () => {
  const seen = new Set<string>()
  for (const job of jobsOf({ seed: 1, oneIn: 300, stepsEvery: 1 })) await runJob(job, seen)
  expect(seen.size).toBeGreaterThan(300)
})

const again = { part: 'crash', imagesPerPoint: 4, goOnEvery: 60 } as const
const truncation: Workload = { durability: 'os', base: 'closed', operations: ['truncate'] }

/** Each of them found a fault of the log once. */
test.each<[string, Job]>([
  [
    'a record that the next open shows is durable then',
    {
      ...again,
      workload: { durability: 'sync', base: 'closed', operations: ['append'] },
      mode: 'kill9',
      goOnEvery: 1000,
      crashAgainEvery: 1,
    },
  ],
  [
    'a checkpoint beside appends leaves one prefix',
    {
      ...again,
      workload: { durability: 'os', base: 'closed', operations: ['append', 'commit', 'transact', 'checkpoint'] },
      mode: 'prefix',
      crashAgainEvery: 1000,
    },
  ],
  [
    'the files of a deleted topic go after its record',
    {
      ...again,
      workload: { durability: 'os', base: 'closed', operations: ['abort', 'delete'] },
      mode: 'any',
      crashAgainEvery: 1000,
    },
  ],
  [
    'errors of the disk have a code when records are deleted',
    { part: 'fault', workload: truncation, trouble: 'EIO once', every: 1 },
  ],
  [
    'a batch that stands in another segment is no part of its index',
    {
      part: 'fault',
      workload: { durability: 'sync', base: 'killed', operations: ['reopen'] },
      trouble: 'misdirected write',
      every: 1,
    },
  ],
])('%s', { timeout: 60_000 }, async (_what, job) => {
  expect((await runJob(job, new Set())).checks).toBeGreaterThan(10)
})

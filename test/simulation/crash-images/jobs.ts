import { crashModes, SimRandom, type CrashMode, type CrashSite } from '@millrace/core/testing'
import { crashWorkload, makeBase, type Base } from './crash-workload.ts'
import { faultWorkload, rotWorkload, troubles, type FaultTally } from './fault-workload.ts'
import { allOf, nameOf, someOf, type Operation, type Workload } from './workloads.ts'

/** One workload on one kind of bad luck: what a lane takes at a time, and what a replay names. */
export type Job = { readonly workload: Workload } & (
  | {
      readonly part: 'crash'
      readonly mode: CrashMode
      readonly imagesPerPoint: number
      readonly goOnEvery: number
      readonly crashAgainEvery: number
      /** The first step of the operation that is crashed, from 1, and every how many-th. */
      readonly from?: number
      readonly every?: number
      readonly only?: readonly CrashSite[]
    }
  | { readonly part: 'fault'; readonly trouble: string; readonly every: number; readonly only?: { nth: number; end: number } }
  | { readonly part: 'rot'; readonly times: number; readonly only?: number }
  | {
      readonly part: 'lying syncs'
      readonly mode: CrashMode
      readonly imagesPerPoint: number
      readonly only?: readonly CrashSite[]
    }
)

type CrashJob = Extract<Job, { part: 'crash' }>

/** What the jobs of one kind came to. */
export type Counts = Readonly<Record<'workloads' | 'steps' | 'points' | 'images' | 'distinct' | 'checks', number>>

/** Under which its counts are printed. */
export function kindOf(job: Job): string {
  if (job.part === 'fault') return job.trouble
  return job.part === 'rot' ? job.part : `${job.part} ${job.mode}`
}

export interface Extent {
  readonly seed: number
  /** One in how many of the jobs. */
  readonly oneIn: number
  /** Of workloads of two operations and more: one in how many steps. 1: every one. */
  readonly stepsEvery: number
}

/** All sequences of up to two operations and some of three and four; each durability, after each kind of base. */
export function jobsOf({ seed, oneIn, stepsEvery }: Extent): readonly Job[] {
  const random = new SimRandom(seed)
  const short = workloads([...allOf(0), ...allOf(1)])
  const pairs = workloads(allOf(2))
  const longer = workloads([...someOf(3, 30, (below) => random.int(below)), ...someOf(4, 30, (below) => random.int(below))])
  const all = [
    ...short.flatMap((workload) => [...crashes(workload, 8, 20, 40), ...lies(workload), ...spoilt(workload, 3, 60)]),
    ...[...pairs, ...longer].flatMap((workload, index) =>
      crashes(workload, 3, 50, 300).map((job): Job => ({ ...job, from: 1 + ((index + seed) % stepsEvery), every: stepsEvery })),
    ),
    ...[...pairs, ...longer].flatMap((workload, index) => (index % 16 === 0 ? spoilt(workload, 7, 12) : [])),
  ]
  return shuffled(all, random).slice(0, Math.ceil(all.length / oneIn))
}

/** So that every share has some of everything. */
function shuffled<T>(all: readonly T[], random: SimRandom): readonly T[] {
  const copy = [...all]
  for (let at = copy.length - 1; at > 0; at--) {
    const other = random.int(at + 1)
    ;[copy[at], copy[other]] = [copy[other]!, copy[at]!]
  }
  return copy
}

function workloads(sequences: readonly (readonly Operation[])[]): readonly Workload[] {
  return sequences.flatMap((operations) =>
    (['sync', 'os'] as const).flatMap((durability) =>
      (['closed', 'killed'] as const).map((base): Workload => ({ durability, base, operations })),
    ),
  )
}

function crashes(workload: Workload, imagesPerPoint: number, goOnEvery: number, crashAgainEvery: number): readonly CrashJob[] {
  return crashModes.map((mode): CrashJob => ({ part: 'crash', workload, mode, imagesPerPoint, goOnEvery, crashAgainEvery }))
}

function lies(workload: Workload): readonly Job[] {
  return crashModes.map((mode): Job => ({ part: 'lying syncs', workload, mode, imagesPerPoint: 4 }))
}

function spoilt(workload: Workload, every: number, times: number): readonly Job[] {
  return [
    ...troubles.map(({ name }): Job => ({ part: 'fault', workload, trouble: name, every })),
    { part: 'rot', workload, times },
  ]
}

const bases = new Map<string, Promise<Base>>()

export async function runJob(job: Job, seen: Set<string>): Promise<Counts> {
  const { workload } = job
  const base = await baseOf(workload.base)
  if (job.part === 'fault') {
    const trouble = troubles.find(({ name }) => name === job.trouble)!
    return countsOf(
      await faultWorkload(workload, base, trouble, { ...job, seen, checked: checkedOf(`fault ${nameOf(workload)}`) }),
    )
  }
  if (job.part === 'rot') return countsOf(await rotWorkload(workload, base, { ...job, seen }))
  const { mode, imagesPerPoint, only } = job
  const again: Pick<CrashJob, 'goOnEvery' | 'crashAgainEvery' | 'from' | 'every'> =
    job.part === 'crash' ? job : { goOnEvery: 1, crashAgainEvery: 1 }
  const { goOnEvery, crashAgainEvery, from = 1, every = 1 } = again
  const lyingSyncs = job.part === 'lying syncs'
  const checked = checkedOf(`${job.part} ${nameOf(workload)}`)
  const share = { modes: [mode], imagesPerPoint, from, every, goOnEvery, crashAgainEvery, lyingSyncs, seen, checked }
  return { workloads: 1, ...(await crashWorkload(workload, base, only === undefined ? share : { ...share, only })) }
}

const checkedBefore = new Map<string, Set<string>>()

/** Modes have images in common. */
function checkedOf(name: string): Set<string> {
  const checked = checkedBefore.get(name) ?? new Set()
  checkedBefore.set(name, checked)
  return checked
}

/** Jobs of one workload go to one lane. */
export function laneOf({ workload }: Job, lanes: number): number {
  const name = nameOf(workload)
  let sum = 0
  for (let at = 0; at < name.length; at++) sum = (sum * 31 + name.charCodeAt(at)) % 65_521
  return sum % lanes
}

function baseOf(how: Workload['base']): Promise<Base> {
  const base = bases.get(how) ?? makeBase(how)
  bases.set(how, base)
  return base
}

function countsOf({ runs, images, distinct, checks }: FaultTally): Counts {
  return { workloads: 1, steps: runs, points: runs, images, distinct, checks }
}

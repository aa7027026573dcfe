/**
 * Who runs which task, and who keeps a copy of its stores: pure, so that every instance would come to the same.
 *
 * Invariants
 *   S1  Each task has one member that runs it, one that can read all its inputs; where nobody can, none.
 *   S2  Balanced: no member runs two tasks more than another that could take one of them.
 *   S3  Sticky: a task moves only for S2, and then to who has its stores, before others. Tasks of one sub-topology are spread.
 *   S4  A copy is never where the task runs, and no member has two of one. As many as asked for, where there are so many members.
 */
export interface SharingMember {
  /** Stands for the member in the answer. */
  readonly id: string
  /** Orders the members: the same over restarts. */
  readonly instance: string
  readonly topics: ReadonlySet<string>
  /** Tasks that it runs now. */
  readonly running: ReadonlySet<string>
  /** Tasks whose stores it has on its disk or in memory, how new ever. */
  readonly held: ReadonlySet<string>
}

export interface SharedTask {
  readonly id: string
  readonly subTopology: number
  readonly inputs: readonly string[]
  /** It has stores that a copy makes sense of. */
  readonly isStateful: boolean
}

export interface Sharing {
  readonly standbyReplicas: number
  /** All tasks have to run in one member: they wait for each other's ends. */
  readonly together: boolean
}

/** Of one member. */
export interface Share {
  readonly active: SharedTask[]
  readonly standby: SharedTask[]
}

interface Candidate {
  readonly member: SharingMember
  readonly share: Share
}

/** By the id of the member; every member has an entry. */
export function shareTasks(
  tasks: readonly SharedTask[],
  members: readonly SharingMember[],
  { standbyReplicas, together }: Sharing,
): ReadonlyMap<string, Share> {
  const all = members.map((member): Candidate => ({ member, share: { active: [], standby: [] } }))
  const ordered = all.toSorted(
    (one, other) => compare(one.member.instance, other.member.instance) || compare(one.member.id, other.member.id),
  )
  const fitting = ordered.filter(({ member }) => tasks.some((task) => canRun(member, task)))
  if (together) runTogether(tasks, fitting)
  else runSpread(tasks, fitting)
  for (const task of tasks) if (task.isStateful) placeStandbys(task, fitting, standbyReplicas)
  return new Map(ordered.map(({ member, share }) => [member.id, share]))
}

function canRun({ topics }: SharingMember, { inputs }: SharedTask): boolean {
  return inputs.every((topic) => topics.has(topic))
}

/** To the one that runs most of them, or has most of their stores. */
function runTogether(tasks: readonly SharedTask[], candidates: readonly Candidate[]): void {
  const best = least(
    candidates.filter(({ member }) => tasks.every((task) => canRun(member, task))),
    ({ member }) => -(member.running.size * (tasks.length + 1) + member.held.size),
  )
  best?.share.active.push(...tasks)
}

function runSpread(tasks: readonly SharedTask[], candidates: readonly Candidate[]): void {
  const homeless = tasks.filter((task) => !keep(task, candidates))
  for (const task of homeless) {
    const able = candidates.filter(({ member }) => canRun(member, task))
    const fewest = Math.min(...able.map(({ share }) => share.active.length))
    // A holder may be one ahead: balance below comes to rest all the same.
    const next = able.filter(({ share }) => share.active.length === fewest)
    least(next, ({ member, share }) => (member.held.has(task.id) ? 0 : 1 + siblings(share, task)))?.share.active.push(task)
  }
  while (moveOne(candidates)) {
    // Each move lowers the sum of the squares of the loads.
  }
}

/** It stays where it runs. Of two that claim it neither is right for sure: the first keeps it. */
function keep(task: SharedTask, candidates: readonly Candidate[]): boolean {
  const owner = candidates.find(({ member }) => member.running.has(task.id) && canRun(member, task))
  owner?.share.active.push(task)
  return owner !== undefined
}

/** From the fullest to the emptiest that could take one; false: S2 holds. */
function moveOne(candidates: readonly Candidate[]): boolean {
  const byLoad = candidates.toSorted((one, other) => one.share.active.length - other.share.active.length)
  for (const to of byLoad) {
    for (const from of byLoad.toReversed()) {
      if (from.share.active.length - to.share.active.length < 2) break
      const task = toGive(from, to)
      if (task === undefined) continue
      from.share.active.splice(from.share.active.indexOf(task), 1)
      to.share.active.push(task)
      return true
    }
  }
  return false
}

/** Best what the receiver has the stores of; then of the sub-topology of which the giver has the most beyond the receiver. */
function toGive(from: Candidate, to: Candidate): SharedTask | undefined {
  const able = from.share.active.filter((task) => canRun(to.member, task))
  const worth = (task: SharedTask): number =>
    (to.member.held.has(task.id) ? 1e6 : 0) + siblings(from.share, task) - siblings(to.share, task)
  return least(able.toReversed(), (task) => -worth(task))
}

function siblings({ active }: Share, { subTopology }: SharedTask): number {
  return active.filter((task) => task.subTopology === subTopology).length
}

function placeStandbys(task: SharedTask, candidates: readonly Candidate[], replicas: number): void {
  const able = candidates.filter(({ member, share }) => canRun(member, task) && !share.active.includes(task))
  for (let left = Math.min(replicas, able.length); left > 0; left--) {
    const open = able.filter(({ share }) => !share.standby.includes(task))
    least(open, (one) => copyCost(one, task))!.share.standby.push(task)
  }
}

/** What it has to catch up costs more than a copy too many. */
function copyCost({ member, share }: Candidate, { id }: SharedTask): number {
  return share.standby.length + (member.held.has(id) || member.running.has(id) ? 0 : 1.5)
}

/** The first of those that cost least. */
function least<T>(all: readonly T[], cost: (one: T) => number): T | undefined {
  let best: T | undefined
  let lowest = Infinity
  for (const one of all) {
    const own = cost(one)
    if (own < lowest) [best, lowest] = [one, own]
  }
  return best
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

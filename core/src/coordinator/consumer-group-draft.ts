import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { namePattern, type NamePattern } from '../base/name-pattern.ts'
import { consumerGroupRecord, type ConsumerGroupChange } from './consumer-group-records.ts'
import { ConsumerGroupState, type ConsumerMember } from './consumer-group-state.ts'
import type { Instant } from './group-answers.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { sameSets } from './partition-sets.ts'
import { targetAssignment } from './target-assignment.ts'
import type { TopicsView } from './topics-view.ts'

/** What a command decides: the state that it leads to, and the records of the way. The state is copied when it first changes. */
export class Draft {
  readonly records: OffsetRecord[] = []
  private readonly group: string
  private current: ConsumerGroupState

  constructor(group: string, state: ConsumerGroupState) {
    this.group = group
    this.current = state
  }

  get state(): ConsumerGroupState {
    return this.current
  }

  put(change: ConsumerGroupChange): void {
    if (this.records.length === 0) this.current = new ConsumerGroupState(this.current)
    this.current.apply(change)
    this.records.push(consumerGroupRecord(this.group, change))
  }

  bump(hash: number): void {
    this.put({ kind: 'group', value: { epoch: this.current.epoch + 1, topicsHash: hash } })
  }

  remove({ id: memberId }: ConsumerMember): void {
    for (const kind of ['current', 'target', 'member'] as const) this.put({ kind, memberId, value: null })
  }

  /** Those that nobody subscribes with any more. */
  forgetRegexes(): void {
    const used = new Set(Array.from(this.current.members.values(), ({ regex }) => regex))
    for (const regex of this.current.regexes.keys()) if (!used.has(regex)) this.put({ kind: 'regex', regex, value: null })
  }
}

/** A new target assignment for the epoch of the group. */
export function assign(draft: Draft, topics: TopicsView): void {
  for (const [memberId, target] of targetAssignment(draft.state, topics)) {
    if (!sameSets(target, draft.state.targetOf(memberId))) draft.put({ kind: 'target', memberId, value: target })
  }
  draft.put({ kind: 'targetEpoch', value: draft.state.epoch })
}

/** Which topics the regular expressions of the members match now, of those that whoever asks may know of. */
export function resolveRegexes(draft: Draft, topics: TopicsView, { timestamp }: Instant, sees: (topic: string) => boolean): void {
  const wanted = new Set([...draft.state.members.values()].flatMap(({ regex }) => regex ?? []))
  for (const regex of wanted) {
    const pattern = patternOf(regex)
    const matching = topics.names.filter((name) => pattern.matches(name) && sees(name)).toSorted()
    const before = draft.state.regexes.get(regex)
    if (before !== undefined && sameTexts(before.topics, matching)) continue
    draft.put({ kind: 'regex', regex, value: { topics: matching, timestamp } })
  }
  draft.forgetRegexes()
}

/** What is matched against every topic, again and again, is short. */
const mostPatternSteps = 256

/** @throws INVALID_REGULAR_EXPRESSION */
export function checkRegex(regex: string | null, group: string): void {
  try {
    if (regex !== null) patternOf(regex)
  } catch (cause) {
    if (!(cause instanceof MillraceError)) throw cause
    const received = regex?.slice(0, 100) ?? ''
    throw coreError('INVALID_REGULAR_EXPRESSION', {
      what: 'that is no pattern for topics, or too large a one',
      where: group,
      received,
      cause,
    })
  }
}

function patternOf(regex: string): NamePattern {
  return namePattern(regex, mostPatternSteps)
}

export function subscribedIn(state: ConsumerGroupState): readonly string[] {
  const topics = new Set<string>()
  for (const member of state.members.values()) for (const topic of state.topicsOf(member)) topics.add(topic)
  return [...topics].toSorted()
}

export function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}

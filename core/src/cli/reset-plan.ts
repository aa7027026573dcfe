import { partitionName, type TopicPartition } from '../base/ids.ts'
import type { Admin } from '../client/admin.ts'
import type { CommittedPosition } from '../client/producer.ts'
import { durationMsOf, timeOf } from './times.ts'
import { UsageError } from './usage-error.ts'

/** Where to, of which there is one. */
export interface ResetValues {
  readonly 'to-earliest': boolean
  readonly 'to-latest': boolean
  readonly 'to-current': boolean
  readonly 'to-offset': number | undefined
  readonly 'shift-by': number | undefined
  readonly 'to-datetime': string | undefined
  readonly 'by-duration': string | undefined
}

type ResetPlace =
  | { readonly kind: 'earliest' | 'latest' | 'current' }
  | { readonly kind: 'offset' | 'shift'; readonly by: number }
  | { readonly kind: 'time'; readonly timestamp: number }

export interface ResetRow extends TopicPartition {
  readonly currentOffset: number | null
  readonly newOffset: number
}

/** @throws UsageError unless there is exactly one */
export function resetPlace(values: ResetValues, now: number): ResetPlace {
  const places: ResetPlace[] = []
  if (values['to-earliest']) places.push({ kind: 'earliest' })
  if (values['to-latest']) places.push({ kind: 'latest' })
  if (values['to-current']) places.push({ kind: 'current' })
  if (values['to-offset'] !== undefined) places.push({ kind: 'offset', by: values['to-offset'] })
  if (values['shift-by'] !== undefined) places.push({ kind: 'shift', by: values['shift-by'] })
  if (values['to-datetime'] !== undefined) places.push({ kind: 'time', timestamp: timeOf('to-datetime', values['to-datetime']) })
  if (values['by-duration'] !== undefined)
    places.push({ kind: 'time', timestamp: now - durationMsOf('by-duration', values['by-duration']) })
  const [place] = places
  if (place !== undefined && places.length === 1) return place
  throw new UsageError(
    `${place === undefined ? 'no place' : 'more than one place'} to reset to: one of --to-earliest, --to-latest, --to-current, --to-offset, --shift-by, --to-datetime, --by-duration`,
  )
}

/** Offsets out of range become the nearest that is in it. A partition without a commit is current at its end, as in Kafka. */
export async function plannedReset(
  admin: Admin,
  committed: readonly CommittedPosition[],
  partitions: readonly TopicPartition[],
  place: ResetPlace,
): Promise<ResetRow[]> {
  const at = async (where: 'earliest' | 'latest' | number): Promise<readonly number[]> =>
    admin.listOffsets(partitions.map(({ topic, partition }) => ({ topic, partition, at: where })))
  const [starts, ends] = await Promise.all([at('earliest'), at('latest')])
  const times = place.kind === 'time' ? await at(place.timestamp) : []
  const current = new Map(committed.map((position) => [partitionName(position), position.offset]))
  return partitions.map(({ topic, partition }, index) => {
    const stands = current.get(partitionName({ topic, partition })) ?? null
    const [start, end] = [starts[index]!, ends[index]!]
    const wanted = wantedOffset(place, { start, end, stands: stands ?? end, atTime: times[index] ?? end })
    return { topic, partition, currentOffset: stands, newOffset: Math.min(end, Math.max(start, wanted)) }
  })
}

interface Offsets {
  readonly start: number
  readonly end: number
  readonly stands: number
  readonly atTime: number
}

function wantedOffset(place: ResetPlace, { start, end, stands, atTime }: Offsets): number {
  if (place.kind === 'offset') return place.by
  if (place.kind === 'shift') return stands + place.by
  return { earliest: start, latest: end, current: stands, time: atTime }[place.kind]
}

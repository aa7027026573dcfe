import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { PartedBatch, type PartTerms, type SizeHint } from '../parted-batch.ts'
import type { Cluster } from './cluster.ts'

/** The batches of a producer: one that gathers what is appended, for each partition that has some, and others for the caller to fill. */
export class OpenBatches {
  private readonly owner: object
  private readonly cluster: Cluster
  private readonly parts: PartTerms
  private readonly open = new Map<string, PartedBatch>()
  private readonly hints = new Map<string, SizeHint>()

  constructor(owner: object, cluster: Cluster, parts: PartTerms) {
    this.owner = owner
    this.cluster = cluster
    this.parts = parts
  }

  get all(): readonly PartedBatch[] {
    return [...this.open.values()]
  }

  get(place: TopicPartition): PartedBatch | undefined {
    return this.open.get(partitionName(place))
  }

  /** The one that gathers. @throws UNKNOWN_PARTITION */
  gathering(place: TopicPartition): PartedBatch {
    let batch = this.get(place)
    if (batch === undefined) this.open.set(partitionName(place), (batch = this.make(place)))
    return batch
  }

  /** @throws UNKNOWN_PARTITION, where anything is known of the topic */
  make(place: TopicPartition): PartedBatch {
    const known = this.cluster.known(place.topic)?.leaders.length ?? Infinity
    const { partition } = place
    if (!Number.isInteger(partition) || partition < 0 || partition >= known)
      throw coreError('UNKNOWN_PARTITION', {
        what: 'there is no such partition',
        where: place.topic,
        expected: `0 to ${known - 1}`,
        received: String(partition),
      })
    const name = partitionName(place)
    let hint = this.hints.get(name)
    if (hint === undefined) this.hints.set(name, (hint = { bytes: 0 }))
    return new PartedBatch(this.owner, place, this.parts, hint)
  }

  /** It gathers nothing more. */
  close(batch: PartedBatch): void {
    this.open.delete(partitionName(batch))
  }

  /** Throws them away. Returns their bytes. */
  drop(): number {
    const bytes = this.all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    this.open.clear()
    return bytes
  }
}

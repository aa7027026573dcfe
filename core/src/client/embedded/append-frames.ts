import type { Broker } from '../../broker/broker.ts'
import type { BatchPart } from '../batch-part.ts'
import type { EmbeddedBatch } from './embedded-batch.ts'

/** An open batch is submitted at this size without waiting for the next round. */
export const submitBytes: number = 1 << 20
/** More than a batch takes in a frame beside its own bytes. */
const placeBytes = 64

/** Batches in as many frames as they need: what was only appended belongs together no more than that. */
export class AppendFrames {
  private readonly directory: Broker['directory']

  constructor(directory: Broker['directory']) {
    this.directory = directory
  }

  of<T extends { readonly sizeBytes: number }>(parts: readonly T[]): readonly (readonly T[])[] {
    const frames: T[][] = []
    let bytes = Infinity
    for (const part of parts) {
      if (bytes + part.sizeBytes > submitBytes || bytes + part.sizeBytes > this.directory.maxBatchBytes) {
        frames.push([])
        bytes = 0
      }
      frames.at(-1)!.push(part)
      bytes += part.sizeBytes + placeBytes
    }
    return frames
  }

  /** Stages all of it at once; resolves when it is durable. Most batches are one frame, which needs no promise of its own. */
  write(batch: EmbeddedBatch): Promise<unknown> {
    try {
      const parts = batch.take()
      return parts.length === 1 ? this.writeOne(batch, parts) : this.writeAll(batch, this.of(parts))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  private writeOne({ log }: EmbeddedBatch, parts: readonly BatchPart[]): Promise<void> {
    return this.directory.append(parts.map((part) => ({ log, batch: part.build() }))).durable
  }

  private async writeAll(batch: EmbeddedBatch, frames: readonly (readonly BatchPart[])[]): Promise<void> {
    const written = frames.map((parts) => {
      const durable = this.writeOne(batch, parts)
      durable.catch(ignore) // it is waited for below, but maybe not before it fails
      return durable
    })
    await Promise.all(written)
  }
}

function ignore(): void {
  // The caller hears of it.
}

/** The partition of a coordinator topic that holds an id: Java's string hash, as Kafka does, so that its tools find it. */
export function coordinatorPartition(id: string, partitions: number): number {
  let hash = 0
  for (let index = 0; index < id.length; index++) hash = (Math.imul(31, hash) + id.charCodeAt(index)) | 0
  return (hash & 0x7fffffff) % partitions
}

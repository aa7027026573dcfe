import { clusterBits, narrowed } from '../authorized-operations.ts'
import { clusterRefusal, onCluster, type Guard } from './guard.ts'

const { errorCode } = clusterRefusal

/** Where the brokers are is no secret; what may be done with them is asked for. */
export const guardDescribeCluster: Guard<'describeCluster'> = async (request, { access }, answer) => {
  const answered = (await answer(request))!
  const clusterAuthorizedOperations = narrowed(answered.clusterAuthorizedOperations, () => clusterBits(access))
  return { ...answered, clusterAuthorizedOperations }
}

export const guardDescribeLogDirs: Guard<'describeLogDirs'> = onCluster('describe', () => ({
  throttleTimeMs: 0,
  errorCode,
  results: [],
}))

export const guardAlterReplicaLogDirs: Guard<'alterReplicaLogDirs'> = onCluster('alter', ({ dirs }) => ({
  throttleTimeMs: 0,
  results: dirs.flatMap(({ topics }) =>
    topics.map(({ name, partitions }) => ({
      topicName: name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, errorCode })),
    })),
  ),
}))

export const guardElectLeaders: Guard<'electLeaders'> = onCluster('alter', ({ topicPartitions }) => ({
  throttleTimeMs: 0,
  errorCode,
  replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...clusterRefusal })),
  })),
}))

export const guardAlterPartitionReassignments: Guard<'alterPartitionReassignments'> = onCluster('alter', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  responses: [],
}))

export const guardListPartitionReassignments: Guard<'listPartitionReassignments'> = onCluster('describe', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  topics: [],
}))

export const guardDescribeQuorum: Guard<'describeQuorum'> = onCluster('describe', () => ({ ...clusterRefusal, topics: [] }))

export const guardUpdateFeatures: Guard<'updateFeatures'> = onCluster('alter', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  results: [],
}))

export const guardDescribeUserScramCredentials: Guard<'describeUserScramCredentials'> = onCluster('describe', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  results: [],
}))

export const guardAlterUserScramCredentials: Guard<'alterUserScramCredentials'> = onCluster(
  'alter',
  ({ deletions, upsertions }) => ({
    throttleTimeMs: 0,
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map((user) => ({ user, ...clusterRefusal })),
  }),
)

export const guardDescribeAcls: Guard<'describeAcls'> = onCluster('describe', () => ({
  throttleTimeMs: 0,
  ...clusterRefusal,
  resources: [],
}))

export const guardCreateAcls: Guard<'createAcls'> = onCluster('alter', ({ creations }) => ({
  throttleTimeMs: 0,
  results: creations.map(() => clusterRefusal),
}))

export const guardDeleteAcls: Guard<'deleteAcls'> = onCluster('alter', ({ filters }) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({ ...clusterRefusal, matchingAcls: [] })),
}))

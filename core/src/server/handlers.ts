import type { Handlers } from './handler.ts'
import { answerApiVersions } from './handlers/api-versions.ts'
import { answerFetch } from './handlers/fetch.ts'
import { answerFindCoordinator } from './handlers/find-coordinator.ts'
import { answerListOffsets } from './handlers/list-offsets.ts'
import { answerMetadata } from './handlers/metadata.ts'
import { answerProduce } from './handlers/produce.ts'

export const handlers: Handlers = {
  apiVersions: answerApiVersions,
  fetch: answerFetch,
  findCoordinator: answerFindCoordinator,
  listOffsets: answerListOffsets,
  metadata: answerMetadata,
  produce: answerProduce,
}

/** For tests: the simulated ports, and the codecs of records and of the wire: `@millrace/core/testing`. */
export type { LogGeometry } from './log/log-options.ts'
export { serveInMemory, type ServedInMemory } from './open/serve-in-memory.ts'
export { openSimulatedLog, tinyGeometry, type SimulatedLog } from './open/simulated-log.ts'
export type { Api } from './protocol/api.ts'
export { apiNames, apiOf, type ApiName, type RequestDraft, type ResponseDraft, type ResponseOf } from './protocol/apis.ts'
export { defaultOf } from './protocol/defaults.ts'
export { errorCodes } from './protocol/error-codes.ts'
export { FrameSplitter } from './protocol/frame-splitter.ts'
export type { EncodedFrame } from './protocol/frame-writer.ts'
export { decodeRequestBody, encodeRequest, openRequest, type OpenedRequest } from './protocol/request-frame.ts'
export { decodeResponse, encodeResponse } from './protocol/response-frame.ts'
export type { Field, Fields } from './protocol/schema.ts'
export { inVersions, rangeOf } from './protocol/versions.ts'
export { BatchBuilder } from './record/batch-builder.ts'
export { readBatchHeader, type BatchHeader } from './record/batch-header.ts'
export { toRecords, type RecordView } from './record/batch-reader.ts'
export { forEachBatch } from './record/batch-validation.ts'
export { crc32c } from './record/crc32c.ts'
export { partitionForKey } from './record/murmur2.ts'
export { crashModes, DiskImage, type CrashMode, type Survival } from './simulation/crash-image.ts'
export { SimulatedCrash } from './simulation/crash.ts'
export type { DiskStep } from './simulation/device.ts'
export type { DiskSnapshot } from './simulation/disk-snapshot.ts'
export {
  enumerateCrashes,
  type CrashEnumeration,
  type CrashInfo,
  type CrashPlace,
  type CrashSite,
  type CrashTally,
  type RecoveryCrashes,
} from './simulation/enumerate-crashes.ts'
export type { Deviation, DiskFault, DiskOperation, FaultPlan } from './simulation/fault-plan.ts'
export { MemorySocket } from './simulation/memory-net.ts'
export type { Choose } from './simulation/run-queue.ts'
export { SimClock } from './simulation/sim-clock.ts'
export { SimDisk, type SimDiskOptions } from './simulation/sim-disk.ts'
export { SimRandom } from './simulation/sim-random.ts'
export { SimScheduler, type SchedulerOptions } from './simulation/sim-scheduler.ts'
export { simWorld, type SimWorld, type SimWorldOptions } from './simulation/sim-world.ts'
export type { SimulationErrorCode } from './simulation/simulation-errors.ts'

/** What tests of topologies stand on: `@millrace/streams/testing`. */
export { MemoryApp, type MemoryAppOptions } from './testing/memory-app.ts'
export type { MemoryOutput } from './testing/memory-context.ts'
export type { MemoryInput } from './testing/memory-task.ts'
export { losses, SimStoreEngines, type Loss, type SimStoreOptions, type SimStoreSnapshot } from './testing/sim-store-engine.ts'
export { storedRows, type StoredRow } from './testing/stored-rows.ts'
export type { TestInput, TestOutput } from './testing/test-topics.ts'
export type { TestRecord, TestRow, TestStoreRow, TopologyTestDriverOptions } from './testing/test-records.ts'
export { TopologyTestDriver } from './testing/topology-test-driver.ts'

/**
 * The front door of @millrace/test: the test driver of a topology, the simulated world, and what a topology is compared with. The kit that generates plans and
 * shrinks failures will stand on these.
 */
export {
  crashModes,
  enumerateCrashes,
  openSimulatedLog,
  SimulatedCrash,
  simWorld,
  type CrashEnumeration,
  type CrashInfo,
  type CrashMode,
  type CrashTally,
  type DiskFault,
  type SimWorld,
  type SimWorldOptions,
} from '@millrace/core/testing'
export {
  MemoryApp,
  SimStoreEngines,
  TopologyTestDriver,
  type MemoryAppOptions,
  type MemoryInput,
  type MemoryOutput,
  type TestInput,
  type TestOutput,
  type TestRecord,
  type TestRow,
  type TestStoreRow,
  type TopologyTestDriverOptions,
} from '@millrace/streams/testing'

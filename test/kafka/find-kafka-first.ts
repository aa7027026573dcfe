import { findKafka } from './kafka-home.ts'

/** Before any test: what is missing is said once, and the jars are not downloaded within a test's time. */
export function setup(): void {
  findKafka()
}

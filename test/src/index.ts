/** The front door of @millrace/test. */

export type { World } from '@millrace/core'

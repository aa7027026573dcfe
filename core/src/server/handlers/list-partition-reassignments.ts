import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'

/** One node moves nothing. */
export const answerListPartitionReassignments: Handler<'listPartitionReassignments'> = () => ({
  throttleTimeMs: 0,
  errorCode: errorCodes.NONE,
  errorMessage: null,
  topics: [],
})

import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'

/** There are no quotas, and a client that sets one is not to believe that there were. */
export const answerAlterClientQuotas: Handler<'alterClientQuotas'> = ({ entries }) => ({
  throttleTimeMs: 0,
  entries: entries.map(({ entity }) => ({
    errorCode: errorCodes.UNSUPPORTED_VERSION,
    errorMessage: 'this server has no quotas',
    entity,
  })),
})

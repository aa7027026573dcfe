import { errorCodes } from '../protocol/error-codes.ts'
import type { Refusal } from './refusal.ts'

/** What Kafka answers to whoever asks for access rules where there are none. Tools know the code: they hide what they have for rules. */
export const noAuthorizer: Refusal = Object.freeze({
  errorCode: errorCodes.SECURITY_DISABLED,
  errorMessage: 'there are no access rules: every client may do everything',
})

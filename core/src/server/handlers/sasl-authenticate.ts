import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'
import { noToken } from '../sasl/mechanism.ts'

/** One message for every failure, so that it tells neither what was wrong nor which users there are. */
const failed = { errorCode: errorCodes.SASL_AUTHENTICATION_FAILED, errorMessage: 'Authentication failed', authBytes: noToken }

const illegal = {
  errorCode: errorCodes.ILLEGAL_SASL_STATE,
  errorMessage: 'SaslHandshake comes before SaslAuthenticate',
  authBytes: noToken,
}

export const answerSaslAuthenticate: Handler<'saslAuthenticate'> = async ({ authBytes }, { authentication }) => {
  const outcome = await authentication.token(authBytes)
  if (outcome.kind === 'failed') return failed
  if (outcome.kind === 'illegal') return illegal
  const { token, sessionLifetimeMs } = outcome
  return { errorCode: errorCodes.NONE, errorMessage: null, authBytes: token, sessionLifetimeMs }
}

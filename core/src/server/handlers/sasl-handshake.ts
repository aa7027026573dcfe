import { errorCodes } from '../../protocol/error-codes.ts'
import type { HandshakeOutcome } from '../authentication.ts'
import type { Handler } from '../handler.ts'

const codes: Readonly<Record<HandshakeOutcome, number>> = {
  taken: errorCodes.NONE,
  unsupported: errorCodes.UNSUPPORTED_SASL_MECHANISM,
  illegal: errorCodes.ILLEGAL_SASL_STATE,
}

export const answerSaslHandshake: Handler<'saslHandshake'> = ({ mechanism }, { authentication, version }) => {
  const outcome = authentication.handshake(mechanism, version)
  return { errorCode: codes[outcome], mechanisms: outcome === 'illegal' ? [] : authentication.mechanisms }
}

import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'

/** There is one node: it coordinates all groups and all transactions. From version 4 on several are asked for at once (KIP-699). */
export const answerFindCoordinator: Handler<'findCoordinator'> = ({ coordinatorKeys }, { server, advertised, version }) => {
  const here = {
    nodeId: server.nodeId,
    host: advertised.host,
    port: advertised.port,
    errorCode: errorCodes.NONE,
    errorMessage: null,
  }
  if (version < 4) return { ...here, throttleTimeMs: 0 }
  return { throttleTimeMs: 0, coordinators: coordinatorKeys.map((key) => ({ key, ...here })) }
}

import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler } from '../handler.ts'

/** There is one node: it coordinates all groups and all transactions. */
export const answerFindCoordinator: Handler<'findCoordinator'> = ({ coordinatorKeys }, { server, advertised }) => {
  const here = {
    nodeId: server.nodeId,
    host: advertised.host,
    port: advertised.port,
    errorCode: errorCodes.NONE,
    errorMessage: null,
  }
  return { ...here, throttleTimeMs: 0, coordinators: coordinatorKeys.map((key) => ({ key, ...here })) }
}

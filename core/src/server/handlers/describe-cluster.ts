import { errorCodes } from '../../protocol/error-codes.ts'
import { allOfCluster, notAsked } from '../authorized-operations.ts'
import { brokersOf } from '../cluster-view.ts'
import type { Handler } from '../handler.ts'

/** What `endpointType` asks for. */
const brokers = 1
const controllers = 2

/** The id of the cluster and its brokers. Controllers listen nowhere that clients may go (KIP-919). */
export const answerDescribeCluster: Handler<'describeCluster'> = (request, context) => {
  const { clusterId, nodeId } = context.server
  const { endpointType } = request
  const error =
    endpointType === brokers
      ? errorCodes.NONE
      : endpointType === controllers
        ? errorCodes.MISMATCHED_ENDPOINT_TYPE
        : errorCodes.UNSUPPORTED_ENDPOINT_TYPE
  const isRefused = error !== errorCodes.NONE
  return {
    throttleTimeMs: 0,
    errorCode: error,
    errorMessage: isRefused ? 'this listener is for clients of brokers (endpoint type 1)' : null,
    endpointType: brokers,
    clusterId,
    controllerId: isRefused ? -1 : nodeId,
    brokers: isRefused ? [] : brokersOf(context).map(({ nodeId: brokerId, host, port }) => ({ brokerId, host, port })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? allOfCluster : notAsked,
  }
}

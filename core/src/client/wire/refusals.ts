import { coreError, type CoreErrorCode } from '../../base/error-catalogue.ts'
import type { ErrorDetails, MillraceError } from '../../base/errors.ts'
import { errorCodes, type ErrorCodeName } from '../../protocol/error-codes.ts'

/**
 * What a server refuses, in the words of this log's own errors, so that a program meets the same from every adapter.
 *
 * What passes by itself (a leader that moves, a coordinator that loads) is SERVER_NOT_READY: it is asked again, with fresh metadata.
 */
const meanings: Readonly<Partial<Record<ErrorCodeName, CoreErrorCode>>> = {
  OFFSET_OUT_OF_RANGE: 'OFFSET_OUT_OF_RANGE',
  CORRUPT_MESSAGE: 'CORRUPT_BATCH',
  UNKNOWN_TOPIC_OR_PARTITION: 'UNKNOWN_TOPIC',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'TRANSACTION_TOO_LARGE',
  INVALID_TOPIC_EXCEPTION: 'INVALID_TOPIC_NAME',
  ILLEGAL_GENERATION: 'ILLEGAL_GENERATION',
  INCONSISTENT_GROUP_PROTOCOL: 'INCONSISTENT_GROUP_PROTOCOL',
  UNKNOWN_MEMBER_ID: 'UNKNOWN_MEMBER_ID',
  INVALID_SESSION_TIMEOUT: 'INVALID_SESSION_TIMEOUT',
  REBALANCE_IN_PROGRESS: 'REBALANCE_IN_PROGRESS',
  TOPIC_AUTHORIZATION_FAILED: 'ACCESS_DENIED',
  GROUP_AUTHORIZATION_FAILED: 'ACCESS_DENIED',
  CLUSTER_AUTHORIZATION_FAILED: 'ACCESS_DENIED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'ACCESS_DENIED',
  INVALID_TIMESTAMP: 'INVALID_TIMESTAMP',
  UNSUPPORTED_SASL_MECHANISM: 'AUTHENTICATION_FAILED',
  ILLEGAL_SASL_STATE: 'AUTHENTICATION_FAILED',
  SASL_AUTHENTICATION_FAILED: 'AUTHENTICATION_FAILED',
  UNSUPPORTED_VERSION: 'UNSUPPORTED_VERSION',
  TOPIC_ALREADY_EXISTS: 'TOPIC_EXISTS',
  INVALID_PARTITIONS: 'INVALID_PARTITIONS',
  INVALID_CONFIG: 'INVALID_TOPIC_CONFIG',
  POLICY_VIOLATION: 'POLICY_VIOLATION',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OUT_OF_ORDER_SEQUENCE',
  INVALID_PRODUCER_EPOCH: 'PRODUCER_FENCED',
  INVALID_TXN_STATE: 'INVALID_TXN_STATE',
  INVALID_PRODUCER_ID_MAPPING: 'INVALID_PRODUCER_ID_MAPPING',
  INVALID_TRANSACTION_TIMEOUT: 'INVALID_TRANSACTION_TIMEOUT',
  CONCURRENT_TRANSACTIONS: 'CONCURRENT_TRANSACTIONS',
  NON_EMPTY_GROUP: 'NON_EMPTY_GROUP',
  GROUP_ID_NOT_FOUND: 'GROUP_NOT_FOUND',
  UNSUPPORTED_COMPRESSION_TYPE: 'CODEC_MISSING',
  FENCED_INSTANCE_ID: 'FENCED_INSTANCE_ID',
  GROUP_SUBSCRIBED_TO_TOPIC: 'GROUP_SUBSCRIBED_TO_TOPIC',
  INVALID_RECORD: 'INVALID_RECORD',
  UNSTABLE_OFFSET_COMMIT: 'UNSTABLE_OFFSET_COMMIT',
  PRODUCER_FENCED: 'PRODUCER_FENCED',
  TRANSACTIONAL_ID_NOT_FOUND: 'UNKNOWN_TRANSACTIONAL_ID',
  TRANSACTION_ABORTABLE: 'TRANSACTION_MUST_ABORT',

  LEADER_NOT_AVAILABLE: 'SERVER_NOT_READY',
  NOT_LEADER_OR_FOLLOWER: 'SERVER_NOT_READY',
  REQUEST_TIMED_OUT: 'SERVER_NOT_READY',
  BROKER_NOT_AVAILABLE: 'SERVER_NOT_READY',
  REPLICA_NOT_AVAILABLE: 'SERVER_NOT_READY',
  NETWORK_EXCEPTION: 'SERVER_NOT_READY',
  COORDINATOR_LOAD_IN_PROGRESS: 'SERVER_NOT_READY',
  COORDINATOR_NOT_AVAILABLE: 'SERVER_NOT_READY',
  NOT_COORDINATOR: 'SERVER_NOT_READY',
  NOT_ENOUGH_REPLICAS: 'SERVER_NOT_READY',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'SERVER_NOT_READY',
  NOT_CONTROLLER: 'SERVER_NOT_READY',
  KAFKA_STORAGE_ERROR: 'SERVER_NOT_READY',
  FENCED_LEADER_EPOCH: 'SERVER_NOT_READY',
  UNKNOWN_LEADER_EPOCH: 'SERVER_NOT_READY',
  LISTENER_NOT_FOUND: 'SERVER_NOT_READY',
  OFFSET_NOT_AVAILABLE: 'SERVER_NOT_READY',
  PREFERRED_LEADER_NOT_AVAILABLE: 'SERVER_NOT_READY',
  THROTTLING_QUOTA_EXCEEDED: 'SERVER_NOT_READY',
  UNKNOWN_TOPIC_ID: 'SERVER_NOT_READY',
  INCONSISTENT_TOPIC_ID: 'SERVER_NOT_READY',
}

const namesByCode: ReadonlyMap<number, ErrorCodeName> = new Map(
  Object.entries(errorCodes).map(([name, code]) => [code, name as ErrorCodeName]),
)

/** Kafka's name of an error code, for messages. */
export function codeName(code: number): string {
  return namesByCode.get(code) ?? `error ${code}`
}

/** What the server said beside the code, and where. */
export interface RefusalDetails {
  readonly where: string
  /** The server's own sentence, where it gave one. */
  readonly message?: string | null
  /** What a code means in this one place. */
  readonly means?: Readonly<Partial<Record<ErrorCodeName, CoreErrorCode>>>
}

/** @throws the error that the code stands for, unless it is 0 */
export function checkCode(code: number, details: RefusalDetails): void {
  if (code !== errorCodes.NONE) throw refusal(code, details)
}

export function refusal(code: number, { where, message, means }: RefusalDetails): MillraceError {
  const name = namesByCode.get(code)
  const meant = name === undefined ? undefined : (means?.[name] ?? meanings[name])
  const received = message === null || message === undefined || message === '' ? codeName(code) : `${codeName(code)}: ${message}`
  const details: ErrorDetails = { what: 'the server refused it', where: withoutStop(where), received: withoutStop(received) }
  return coreError(meant ?? 'SERVER_REFUSED', details)
}

function withoutStop(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').replace(/\.+$/, '')
}

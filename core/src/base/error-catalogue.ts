import { errorsOf, type ErrorDetails, type ErrorRow, type MillraceError } from './errors.ts'

const rows = {
  UNKNOWN_OPTION: { fault: 'caller', outcome: 'fatal', todo: 'Remove the option or correct its name.' },
  INVALID_OPTION: { fault: 'caller', outcome: 'fatal', todo: 'Give a value of the expected kind and range.' },
  NUMBER_OUT_OF_RANGE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Offsets, timestamps and ids must be safe integers (below 2^53).',
  },
  CLOSED: { fault: 'caller', outcome: 'fatal', todo: 'Open it again; what is closed stays closed.' },

  DATA_DIRECTORY_MISSING: { fault: 'caller', outcome: 'fatal', todo: 'Give the directory that holds the log.' },
  DATA_DIRECTORY_UNREADABLE: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Give this process read and write permission, or choose another directory.',
  },
  DATA_DIRECTORY_LOCKED: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Close the other process, or reach the log through it: a broker with --bootstrap-server.',
  },
  NOT_A_DIRECTORY: { fault: 'caller', outcome: 'fatal', todo: 'Move the file away or choose another directory.' },
  NOT_A_FILE: { fault: 'world', outcome: 'fatal', todo: 'Move what stands in the place of the file away.' },
  UNSUPPORTED_FORMAT: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Open the directory with the version of Millrace that wrote it.',
  },

  DISK_FULL: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Free space; the log goes on by itself, nothing acknowledged is lost.',
  },
  JOURNAL_FAILED: { fault: 'world', outcome: 'unknownOutcome', todo: 'Close and reopen the log; reads go on, appends do not.' },
  JOURNAL_DAMAGED: { fault: 'world', outcome: 'fatal', todo: 'Restore the directory from a back-up; nothing has been changed.' },
  CHECKPOINT_DAMAGED: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Restore the directory from a back-up; nothing has been changed.',
  },
  CHECKPOINT_FAILED: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Check the disk and try again; nothing acknowledged is lost.',
  },
  SWAP_UNFINISHED: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Look at the disk, then open the log again: the compaction of the partition is finished there.',
  },
  SEGMENT_DAMAGED: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Restore the partition from a back-up; other offsets stay readable.',
  },
  FOLDER_UNKNOWN: { fault: 'world', outcome: 'fatal', todo: 'Move the folder away; it belongs to no topic of this log.' },
  PARTITION_FENCED: { fault: 'world', outcome: 'retriable', todo: 'Repair the disk and reopen the log; other partitions go on.' },
  CLOSE_FAILED: { fault: 'world', outcome: 'fatal', todo: 'Open the log again: everything acknowledged stands in its journal.' },
  READ_FAILED: { fault: 'world', outcome: 'retriable', todo: 'Check the disk and read again.' },

  BACK_UP_PLACE_TAKEN: { fault: 'caller', outcome: 'fatal', todo: 'Name a directory that is not there, or an empty one.' },
  BACK_UP_FAILED: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Look at the disk that it was to stand on, and back up again; the log goes on, and nothing is left there.',
  },

  NO_KAFKA_DIRECTORY: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Name a log directory of a Kafka (log.dirs), with meta.properties.',
  },
  KAFKA_NOT_STOPPED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: "Start the Kafka and stop it cleanly, or adopt with torn: 'cut'; nothing was changed.",
  },

  CORRUPT_BATCH: { fault: 'caller', outcome: 'fatal', todo: 'Send the batch again, unchanged and whole.' },
  CONTENT_TOO_LARGE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Send fewer records in a batch: what a compressed batch becomes has a bound.',
  },
  CODEC_MISSING: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Install the package together with its optional binary for this machine, or use another compression.',
  },
  RECORD_TOO_LARGE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Send a smaller record, or raise max.message.bytes of the topic.',
  },
  INVALID_RECORD: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give the record a key, or send it to a topic that is not compacted.',
  },
  INVALID_TIMESTAMP: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the timestamp, or change message.timestamp.before.max.ms or message.timestamp.after.max.ms of the topic.',
  },
  TRANSACTION_TOO_LARGE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Commit more often, so that each transaction fits into one journal frame.',
  },
  BATCH_CONSUMED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Take a new batch from the producer; one that was sent is not written to again.',
  },
  BUFFER_FULL: { fault: 'caller', outcome: 'retriable', todo: 'Await ready() before the next append.' },

  UNKNOWN_TOPIC: { fault: 'caller', outcome: 'fatal', todo: 'Create the topic first, or correct its name.' },
  UNKNOWN_PARTITION: { fault: 'caller', outcome: 'fatal', todo: 'Choose a partition that the topic has.' },
  TOPIC_EXISTS: { fault: 'caller', outcome: 'fatal', todo: 'Use the topic that is there, or delete it first.' },
  INVALID_TOPIC_NAME: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Use 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-".',
  },
  INVALID_TOPIC_CONFIG: { fault: 'caller', outcome: 'fatal', todo: 'Correct the setting; nothing was changed.' },
  INVALID_PARTITIONS: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give a number of partitions in the range; a topic never gets fewer than it has.',
  },
  POLICY_VIOLATION: {
    fault: 'caller',
    outcome: 'fatal',
    todo: "Let the topic's cleanup.policy contain delete, or write tombstones.",
  },
  LIMIT_REACHED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Remove what is not needed any more, or open the log with a higher limit.',
  },
  INVALID_QUOTA: { fault: 'caller', outcome: 'fatal', todo: 'Name entities and quotas that there are, and values above 0.' },
  THROTTLING_QUOTA_EXCEEDED: { fault: 'caller', outcome: 'retriable', todo: 'Try again after the time that the answer says.' },
  OFFSET_OUT_OF_RANGE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Seek to an offset between the start and the end of the log, or give a reset policy.',
  },
  NO_OFFSET: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give an offset or a reset policy; the group has committed none for this partition.',
  },

  OUT_OF_ORDER_SEQUENCE: { fault: 'caller', outcome: 'fatal', todo: 'Open a new producer; a batch before this one is missing.' },
  DUPLICATE_DIFFERS: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Open a new producer; this one reused a sequence number for other content.',
  },
  PRODUCER_FENCED: { fault: 'caller', outcome: 'fenced', todo: 'Stop this instance: a newer one has the same transactional id.' },
  NOT_TRANSACTIONAL: { fault: 'caller', outcome: 'fatal', todo: 'Open the producer with a transactionalId.' },
  TRANSACTIONAL_ONLY: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'A producer with a transactionalId writes through begin() or transact(...).',
  },
  INVALID_PRODUCER_ID_MAPPING: {
    fault: 'caller',
    outcome: 'fenced',
    todo: 'Open a new producer: the transactional id was taken over, or was forgotten after a long silence.',
  },
  INVALID_TXN_STATE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Do only what fits the state of the transaction; what was decided stays so.',
  },
  CONCURRENT_TRANSACTIONS: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Try again: the transaction before this one is about to be complete.',
  },
  INVALID_TRANSACTION_TIMEOUT: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give a timeout above 0 and at most transaction.max.timeout.ms.',
  },
  UNKNOWN_TRANSACTIONAL_ID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the id; listTransactions names those there are.',
  },
  TRANSACTION_OPEN: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Commit or abort the open transaction first; a producer has one at a time.',
  },
  TRANSACTION_INCOMPLETE: {
    fault: 'world',
    outcome: 'unknownOutcome',
    todo: 'Give the log room and open a new producer: what was decided stays so, and is completed first.',
  },
  TRANSACTION_ABORTED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Abort it and do its work again; give a longer transactionTimeoutMs if it was too slow.',
  },
  TRANSACTION_ENDED: { fault: 'caller', outcome: 'fatal', todo: 'Begin a new transaction.' },
  TRANSACTION_MUST_ABORT: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Abort the transaction and do its work again: one of its writes failed.',
  },

  UNKNOWN_MEMBER_ID: {
    fault: 'caller',
    outcome: 'fenced',
    todo: 'The group goes on without this member; join it again, and read from what is committed.',
  },
  ILLEGAL_GENERATION: {
    fault: 'caller',
    outcome: 'fenced',
    todo: 'The group has been rebalanced since; join it again, and read from what is committed.',
  },
  FENCED_INSTANCE_ID: {
    fault: 'caller',
    outcome: 'fenced',
    todo: 'Stop this instance: a newer one has the same groupInstanceId.',
  },
  REBALANCE_IN_PROGRESS: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Poll, which takes part in the rebalance, and try again.',
  },
  INCONSISTENT_GROUP_PROTOCOL: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give every member of the group an assignor that all others have too.',
  },
  INVALID_SESSION_TIMEOUT: { fault: 'caller', outcome: 'fatal', todo: 'Choose a session timeout within the bounds.' },
  UNSTABLE_OFFSET_COMMIT: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Ask again when the transaction that commits the offset has ended.',
  },
  FENCED_MEMBER_EPOCH: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give up all partitions and join the group again, with epoch 0.',
  },
  STALE_MEMBER_EPOCH: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Send a heartbeat, and commit with the epoch that it answers.',
  },
  UNSUPPORTED_ASSIGNOR: { fault: 'caller', outcome: 'fatal', todo: 'Choose the assignor uniform or range.' },
  UNRELEASED_INSTANCE_ID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Close the member that has this groupInstanceId, or wait until its session is over.',
  },
  GROUP_MAX_SIZE_REACHED: { fault: 'caller', outcome: 'fatal', todo: 'Close other members of the group first.' },
  INVALID_REGULAR_EXPRESSION: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the regular expression, or make it shorter.',
  },
  INVALID_GROUP_CONFIG: { fault: 'caller', outcome: 'fatal', todo: 'Correct the setting; nothing was changed.' },
  INVALID_HEARTBEAT: { fault: 'caller', outcome: 'fatal', todo: 'Send what KIP-848 asks for in a heartbeat of this kind.' },
  GROUP_NOT_FOUND: { fault: 'caller', outcome: 'fatal', todo: 'Correct the name of the group.' },
  NON_EMPTY_GROUP: { fault: 'caller', outcome: 'fatal', todo: 'Close the members of the group first.' },
  GROUP_SUBSCRIBED_TO_TOPIC: { fault: 'caller', outcome: 'fatal', todo: 'Close the members that subscribe to the topic first.' },
  GROUP_RELOADED: { fault: 'world', outcome: 'retriable', todo: 'Ask again; the group was read anew from the log.' },
  SUBSCRIPTION_CONFLICT: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'A consumer takes partitions by assign or by subscribe; open another one for the other.',
  },

  SERVER_UNREACHABLE: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Check host and port, whether the server runs, and whether it wants TLS.',
  },
  NO_KAFKA_SERVER: {
    fault: 'caller',
    outcome: 'fatal',
    todo: "Give the host and port of a listener of Kafka's protocol, and say tls where it wants that.",
  },
  CONNECTION_LOST: {
    fault: 'world',
    outcome: 'unknownOutcome',
    todo: 'It may or may not have been done: connect again, and look before it is done twice.',
  },
  REQUEST_TIMED_OUT: {
    fault: 'world',
    outcome: 'unknownOutcome',
    todo: 'It may or may not have been done: look at the server, and give a longer requestTimeoutMs if it is only slow.',
  },
  ANSWER_INVALID: {
    fault: 'world',
    outcome: 'unknownOutcome',
    todo: "The server does not keep to Kafka's protocol; what was asked may or may not have been done.",
  },
  SERVER_NOT_READY: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Try again later, or look at the server: it has no leader, no coordinator or no room for this now.',
  },
  SERVER_REFUSED: { fault: 'world', outcome: 'fatal', todo: "Look up Kafka's name of the error, and the log of the server." },
  ACCESS_DENIED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Ask for the right to do it: an access rule of the server denies it.',
  },
  EMBEDDED_ONLY: {
    fault: 'caller',
    outcome: 'fatal',
    todo: "Do it where the data directory is, with embeddedLog or --dir: Kafka's protocol has no such request.",
  },

  FRAME_INVALID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: "Send what Kafka's protocol describes; the connection is of no further use.",
  },
  LISTENER_UNSAFE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Listen on loopback, give the listener authentication, or allow what is insecure (--insecure).',
  },
  NOT_AUTHENTICATED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Authenticate first, with a mechanism that the listener offers.',
  },
  AUTHENTICATION_FAILED: { fault: 'caller', outcome: 'fatal', todo: 'Correct the name, the secret or the token of the client.' },
  UNACCEPTABLE_CREDENTIAL: { fault: 'caller', outcome: 'fatal', todo: 'Correct the credential; nothing was changed.' },
  UNKNOWN_CREDENTIAL: { fault: 'caller', outcome: 'fatal', todo: 'Name a user and a mechanism that have a credential.' },
  CERTIFICATE_INVALID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give a certificate chain and its key as PEM texts that belong together, and authorities where clients show theirs.',
  },
  TOKEN_KEYS_INVALID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give a JSON web key set with at least one public key; without keys no token can be believed.',
  },
  FRAME_TOO_LARGE: { fault: 'caller', outcome: 'fatal', todo: 'Send smaller requests, or raise socket.request.max.bytes.' },
  MESSAGE_INVALID: { fault: 'caller', outcome: 'fatal', todo: 'Give the field a value that it can hold in this version.' },
  UNSUPPORTED_VERSION: { fault: 'caller', outcome: 'fatal', todo: 'Use a version that both sides know; ApiVersions tells them.' },

  BUG: { fault: 'bug', outcome: 'fatal', todo: 'This is a fault of Millrace; please report it with this message and the stack.' },
} as const

/** A code of the catalogue of @millrace/core. */
export type CoreErrorCode = keyof typeof rows

/** Every error of @millrace/core. A code is never reused for another meaning. */
export const coreErrorRows: Readonly<Record<CoreErrorCode, ErrorRow>> = rows

/** Makes an error of the catalogue. */
export const coreError: (code: CoreErrorCode, details: ErrorDetails) => MillraceError = errorsOf(coreErrorRows)

import { errorsOf, type ErrorDetails, type ErrorRow, type MillraceError } from '@millrace/core'

const rows = {
  TOPOLOGY_NAME_MISSING: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give it a name; what is durable keeps its data under that name.',
  },
  TOPOLOGY_NAME_TAKEN: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Choose another name; stores and repartition topics share one set of names.',
  },
  TOPOLOGY_NAME_INVALID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Use 1 to 249 of the characters a-z, A-Z, 0-9, ".", "_" and "-".',
  },
  TOPOLOGY_EMPTY: { fault: 'caller', outcome: 'fatal', todo: 'Read at least one topic with stream(...) before build().' },
  TOPOLOGY_INVALID: { fault: 'caller', outcome: 'fatal', todo: 'Correct the topology where the message points.' },
  WINDOW_INVALID: { fault: 'caller', outcome: 'fatal', todo: 'Give durations made by millis, seconds, minutes, hours or days.' },
  SUPPRESS_BUFFER_FULL: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give suppress(...) more room, or let it emit early when it is full.',
  },
  INVALID_STREAM_OPTION: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give a known option a value of the expected kind and range.',
  },

  SOURCE_TOPIC_MISSING: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Create the topic first, or correct its name in the topology.',
  },
  SINK_TOPIC_MISSING: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Create the topic first, or correct its name in the topology.',
  },
  DEAD_LETTER_TOPIC_MISSING: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Create the topic first, with the retention that you want, or correct its name in onError.',
  },
  PARTITIONS_DIFFER: { fault: 'caller', outcome: 'fatal', todo: 'Repartition one of them, so that equal keys meet in one task.' },

  CHANGELOG_LOST: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Set cleanup.policy of the topic to compact again, or give the application another id, so that it begins anew.',
  },

  VALUE_UNREADABLE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the serde or the record, or let the error policy skip such records.',
  },
  VALUE_UNWRITABLE: { fault: 'caller', outcome: 'fatal', todo: 'Give a serde that writes every value the topology makes.' },
  USER_CODE_FAILED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the function, or let the error policy skip such records.',
  },
  PROCESSING_RETRIED: {
    fault: 'caller',
    outcome: 'retriable',
    todo: 'Nothing to do: the step is tried again, as often as onError says.',
  },
  CALL_FAILED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the function or what it calls, give it more retries, or skip such inputs (onFailure of mapAsync).',
  },
  CALL_TIMED_OUT: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Look at what is called, or give mapAsync a longer timeoutMs.',
  },
  RECORD_INVALID: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the function that made the record, or let the error policy skip such records.',
  },
  CHILD_UNKNOWN: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Forward to the name of an operator directly behind the processor; describe() shows them.',
  },
  PROCESSOR_INACTIVE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Forward, store, scan and schedule only while process, a scan or a punctuation runs, never later.',
  },
  RX_ESCAPED_EMISSION: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Use only operators of @millrace/streams/rx; what waits or counts time has a durable twin in the DSL.',
  },
  RX_ENDED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Remove the operator that completes (take, first, ...); a stream has no end that an operator decides.',
  },
  RX_NOT_ENDED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Give the scheduler of the window to operators that take one, and let the pipeline complete when its records do.',
  },
  WINDOW_FULL: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Make the windows smaller, or allow more records; all of them are kept in one row until the window is closed.',
  },

  STORE_CORRUPT: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Nothing to do: the store is wiped and restored from its changelog.',
  },
  STORE_WRITE_FAILED: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Check the disk of stateDir; the store is wiped and restored from its changelog.',
  },
  STORE_UNUSABLE: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Give this process a stateDir that it may write to, on a disk with room.',
  },
  STORE_UNKNOWN: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Use the name and the kind of a store that the topology gives to this task.',
  },
  STORE_CLOSED: {
    fault: 'caller',
    outcome: 'retriable',
    todo: 'Ask again when the task runs again, or ask the instance that has it now.',
  },
  POSITION_NOT_REACHED: {
    fault: 'caller',
    outcome: 'retriable',
    todo: 'Ask again when the application has processed more, or ask without atLeast.',
  },
  STATE_DIRECTORY_LOCKED: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Close the other process, or give this instance its own stateDir.',
  },
  STATE_DIRECTORY_UNUSABLE: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Give a directory that this process may write, with room on its disk.',
  },
  MEMBERSHIP_LOST: {
    fault: 'world',
    outcome: 'retriable',
    todo: 'Nothing to do: it joins again, and goes on with what is its own then. If it comes often, the process is blocked for too long.',
  },
  COMMIT_UNREADABLE: {
    fault: 'world',
    outcome: 'fatal',
    todo: 'Give the application another id, or reset its offsets: another program has committed under this one.',
  },
  APP_STATE: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Start an application once, pause and resume it while it runs, clean up when it is closed.',
  },
  TEST_DRIVER_MISUSED: {
    fault: 'caller',
    outcome: 'fatal',
    todo: 'Correct the test: name topics of the topology, and use a driver until it is closed or its input has ended.',
  },
  BUG: { fault: 'bug', outcome: 'fatal', todo: 'This is a fault of Millrace; please report it with this message and the stack.' },
} as const

/** A code of the catalogue of @millrace/streams. */
export type StreamErrorCode = keyof typeof rows

/** Every error of @millrace/streams. A code is never reused for another meaning. */
export const streamErrorRows: Readonly<Record<StreamErrorCode, ErrorRow>> = rows

/** Makes an error of the catalogue. */
export const streamError: (code: StreamErrorCode, details: ErrorDetails) => MillraceError = errorsOf(streamErrorRows)

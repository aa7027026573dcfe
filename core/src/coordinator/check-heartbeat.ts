import { coreError } from '../base/error-catalogue.ts'
import { leavingForAWhile, type ConsumerHeartbeat } from './consumer-group-answers.ts'
import { invalidHeartbeat } from './group-errors.ts'
import { serverAssignors } from './server-assignors.ts'

/** In characters: a record counts the bytes of an id in 16 bits. */
const longestText = 8192

/** What KIP-848 asks of each kind of heartbeat. @throws INVALID_HEARTBEAT, UNSUPPORTED_ASSIGNOR */
export function checkHeartbeat(beat: ConsumerHeartbeat): void {
  const { group, memberId, epoch, instanceId, rackId, assignor } = beat
  const flaw = flawOf(beat)
  if (flaw !== undefined) throw invalidHeartbeat(group, flaw)
  const texts = [memberId, instanceId ?? '', rackId ?? '', beat.regex ?? '', ...(beat.topics ?? [])]
  if (texts.some(({ length }) => length > longestText)) throw invalidHeartbeat(group, 'a name is too long')
  if (epoch < 0 || assignor === null || serverAssignors.has(assignor)) return
  const expected = [...serverAssignors.keys()].join(', ')
  throw coreError('UNSUPPORTED_ASSIGNOR', { what: 'there is no such assignor here', where: group, expected, received: assignor })
}

function flawOf({ memberId, epoch, instanceId, rackId, ...told }: ConsumerHeartbeat): string | undefined {
  if (memberId === '') return 'a member gives its id'
  if (instanceId === '' || rackId === '') return 'an instance id and a rack are not empty'
  if (epoch < leavingForAWhile) return 'there is no such epoch'
  if (epoch === leavingForAWhile && instanceId === null) return 'a static member gives its instance id'
  if (epoch !== 0) return undefined
  if (told.rebalanceTimeoutMs < 0) return 'a member that joins gives its rebalance timeout'
  if (told.owned === null || told.owned.size > 0) return 'a member that joins holds no partitions'
  if (told.topics === null && told.regex === null) return 'a member that joins subscribes to something'
  return undefined
}

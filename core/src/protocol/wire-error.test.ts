import { describe, expect, test } from 'vitest'
import { coreError, coreErrorRows, type CoreErrorCode } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import { errorCodes } from './error-codes.ts'
import { wireErrorOf } from './wire-error.ts'

/** What clients try again by themselves. */
const retried: readonly number[] = [
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.CORRUPT_MESSAGE,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.UNSTABLE_OFFSET_COMMIT,
  errorCodes.THROTTLING_QUOTA_EXCEEDED,
  errorCodes.REBALANCE_IN_PROGRESS,
]

describe('wireErrorOf', () => {
  const codes = Object.keys(coreErrorRows) as CoreErrorCode[]

  test('has a code for each error, and none says that all is well', () => {
    for (const code of codes) {
      const number = wireErrorOf(coreError(code, { what: 'a test' }))
      expect(Object.values(errorCodes), code).toContain(number)
      expect(number, code).not.toBe(errorCodes.NONE)
      expect(number, code).not.toBe(errorCodes.DUPLICATE_SEQUENCE_NUMBER)
    }
  })

  test('says of what may be tried again that it may, unless it goes nowhere near a wire', () => {
    const local = ['BACK_UP_FAILED']
    for (const code of codes.filter((one) => coreErrorRows[one].outcome === 'retriable' && !local.includes(one)))
      expect(retried, code).toContain(wireErrorOf(coreError(code, { what: 'a test' })))
  })

  test('tells nothing of an error that is none of ours', () => {
    expect(wireErrorOf(new TypeError('secret'))).toBe(-1)
    expect(wireErrorOf('secret')).toBe(-1)
    const foreign = new MillraceError('constructor', { fault: 'bug', outcome: 'fatal', todo: '' }, { what: 'x' })
    expect(wireErrorOf(foreign)).toBe(-1)
  })
})

import type { ErrorHandling, ErrorPolicies, RetryHandling } from '../runtime/error-policies.ts'
import type { Plan } from '../plan/plan.ts'
import { checkOptions } from '../time/options.ts'
import type { ErrorPolicy } from '../task/task-context.ts'
import { checkOption, isWhole } from './check-option.ts'

/** User code that throws is called again: the step is abandoned, everything begins again at what is committed. The whole application waits. */
export interface RetryOptions {
  /** How often one record is tried again, from 1. */
  readonly retry: number
  /** Before the first time, in milliseconds; it doubles with each, up to 30 seconds. Default 100. */
  readonly backoffMs?: number
  /** When all of that was in vain. Default `fail`. */
  readonly otherwise?: ErrorHandling
}

/** What becomes of records that fail, by what fails (KIP-1033, KIP-1034). */
export interface ErrorOptions {
  /** A record that does not decode. Default `fail`. */
  readonly read?: ErrorHandling
  /** User code that throws. Default `fail`. */
  readonly process?: ErrorHandling | RetryOptions
  /** A record that its serde refuses, or that is too large for its topic. Default `fail`. */
  readonly write?: ErrorHandling
  /** Where `deadLetter` puts the record that came in, in the transaction of its step. It must be there at the start. */
  readonly deadLetterTopic?: string
  /** Records that operators leave out by themselves (late ones, null keys, ...) go to the dead-letter topic too. Default false. */
  readonly deadLetterDrops?: boolean
}

const names: readonly (keyof ErrorOptions)[] = ['read', 'process', 'write', 'deadLetterTopic', 'deadLetterDrops']
const retryNames: readonly (keyof RetryOptions)[] = ['retry', 'backoffMs', 'otherwise']
const handlings: readonly unknown[] = ['fail', 'skip', 'deadLetter']
const handlingNames = 'fail, skip or deadLetter'

/** The policies that the option `onError` stands for. @throws INVALID_STREAM_OPTION */
export function errorPoliciesOf(onError: unknown, plan: Plan): ErrorPolicies {
  if (onError === 'fail' || onError === 'skip') return everything(onError)
  checkOption('onError', typeof onError === 'object' && onError !== null, 'fail, skip, or policies by what fails', onError)
  checkOptions('StreamsApp, onError', onError, names)
  const { read = 'fail', process = 'fail', write = 'fail', deadLetterTopic, deadLetterDrops = false } = onError as ErrorOptions
  checkOption('onError.read', handlings.includes(read), handlingNames, read)
  checkOption('onError.write', handlings.includes(write), handlingNames, write)
  checkOption('onError.deadLetterDrops', typeof deadLetterDrops === 'boolean', 'true or false', deadLetterDrops)
  const processing = typeof process === 'object' && process !== null ? retryOf(process) : process
  checkOption(
    'onError.process',
    typeof processing === 'object' || handlings.includes(processing),
    `${handlingNames}, or { retry }`,
    process,
  )
  const last = typeof processing === 'object' ? processing.otherwise : processing
  const isUsed = deadLetterDrops || [read, last, write].includes('deadLetter')
  checkTopic(deadLetterTopic, isUsed, plan)
  const deadLetters = deadLetterTopic === undefined ? null : { topic: deadLetterTopic, drops: deadLetterDrops }
  return { read, process: processing, write, deadLetters }
}

function everything(policy: ErrorPolicy): ErrorPolicies {
  return { read: policy, process: policy, write: policy, deadLetters: null }
}

function retryOf(given: RetryOptions): RetryHandling {
  checkOptions('StreamsApp, onError.process', given, retryNames)
  const { retry: times, backoffMs = 100, otherwise = 'fail' } = given
  checkOption('onError.process.retry', isWhole(times, 1), 'a whole number from 1', times)
  checkOption('onError.process.backoffMs', isWhole(backoffMs, 0), 'whole milliseconds from 0', backoffMs)
  checkOption('onError.process.otherwise', handlings.includes(otherwise), handlingNames, otherwise)
  return { times, backoffMs, otherwise }
}

/** A letter that the application reads again would come back as another letter, for ever. */
function checkTopic(topic: unknown, isUsed: boolean, { sourceTopics, internalTopics }: Plan): void {
  const where = 'onError.deadLetterTopic'
  if (topic === undefined) return checkOption(where, !isUsed, 'the name of a topic, since a policy is deadLetter', topic)
  checkOption(where, typeof topic === 'string' && topic !== '', 'the name of a topic', topic)
  checkOption(where, isUsed, 'a policy that is deadLetter, or deadLetterDrops', topic)
  const own = [...sourceTopics, ...internalTopics.map((internal) => internal.topic)]
  checkOption(where, !own.includes(topic as string), 'a topic that the application does not read', topic)
}

const nulls = 'a null value is dropped and counted, as Kafka documents for groups; its windows aggregate it'

const groups = 'a null value is dropped and counted; the streams of a group have one time, where Kafka gives each its own'
const waits = 'what has no partner goes on with the first record that lets it (KIP-633); Kafka looks for it at fewer records'

/** Where ours comes out differently with intent: by the name of the case, and why. The operator's docstring says it too. */
export const differences: Readonly<Record<string, string>> = {
  'tumbling, final: null values': nulls,
  'tumbling, each update: null values': nulls,
  'tumbling, each update, count: null values': nulls,
  'hopping, each update: null values': nulls,
  'session, each update: null values': nulls,
  'cogroup, tumbling: nulls and late ones': groups,
  'cogroup, sliding: nulls and late ones': groups,
  'cogroup, session: nulls and late ones': groups,
  'tumbling, final: stream time jumps, and Kafka keeps rows for size and grace only':
    'a row stays until its window was emitted; Kafka expires it first, and the final row never comes',
  'session: at the border of being closed, and Kafka keeps rows for gap and grace only':
    'a session is open until its end lies before stream time - gap - grace; the store of Kafka forgets it one millisecond earlier',
  'suppress until closed, sliding: a window that is made and closed by one record':
    'a row goes on once; Kafka updates the window twice within the record, and lets each update go at once',
  'outerJoinStream, unequal directions: a right record is over before a left one of its time': waits,
}

/**
 * Ours counts every drop. Kafka does not count the null keys that it drops on the way into a repartition topic, the rows that enter no group, nor the records of
 * a stream join that come too late to be kept; of sliding windows it counts those closed ones that its store still has.
 */
const uncounted: readonly string[] = [
  'repartition',
  'groupBy',
  'table.groupBy',
  'joinStream',
  'leftJoinStream',
  'outerJoinStream',
  'sliding',
]

/** May the number of drops differ? */
export function countsOthers(operators: readonly string[]): boolean {
  return operators.some((operator) => uncounted.includes(operator))
}

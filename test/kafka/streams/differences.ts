/** Where ours comes out differently with intent: by the name of the case, and why. The operator's docstring says it too. */
export const differences: Readonly<Record<string, string>> = {
  'tumbling, final: null values': 'a null value is dropped and counted, as Kafka documents; its windows aggregate it',
  'tumbling, final: stream time jumps, and Kafka keeps rows for size and grace only':
    'a row stays until its window was emitted; Kafka expires it first, and the final row never comes',
}

/** Kafka does not count the null keys that it drops on the way into a repartition topic; ours counts every drop. */
const uncounted: readonly string[] = ['repartition', 'groupBy']

/** May the number of drops differ? */
export function countsOthers(operators: readonly string[]): boolean {
  return operators.some((operator) => uncounted.includes(operator))
}

/** Who somebody is, for access rules and quotas. Kafka knows one type of principals by itself, and so does this log. */
export interface Principal {
  readonly type: 'User'
  readonly name: string
}

/** Who has not said who they are: on a listener that does not ask. */
export const anonymous: Principal = Object.freeze({ type: 'User', name: 'ANONYMOUS' })

/** As access rules name it. */
export function principalText({ type, name }: Principal): string {
  return `${type}:${name}`
}

/** A version of a message, while its codec is made. */
export interface Wire {
  readonly version: number
  readonly flexible: boolean
  /** The message and the field in it, for errors. */
  readonly place: string
}

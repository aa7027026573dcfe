/** How far an input is committed. */
export interface Position {
  readonly topic: string
  readonly partition: number
  /** The next offset. */
  readonly offset: number
}

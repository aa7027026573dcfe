/** What every node of the graph has. */
export interface AnyNode {
  readonly name: string
  /** Names of the nodes before it. */
  readonly inputs: readonly string[]
}

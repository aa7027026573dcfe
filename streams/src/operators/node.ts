/** What every node of a sub-topology says about itself; the plan's nodes have these fields. */
export interface OperatorNode {
  /** For messages: what `context.node` is set to before user code runs. */
  readonly name: string
  /** Names of the nodes before it, all in the same sub-topology. */
  readonly inputs: readonly string[]
}

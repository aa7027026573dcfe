import type { ToolName } from '../kafka-tool.ts'
import type { RuleName } from './printed.ts'

/** A tool that is run against both servers. It prints the same there, but for what its rules name. */
export interface ToolStep {
  readonly tool: ToolName
  /** Words; `{bootstrap}` is the server (added as --bootstrap-server where it does not stand), `{dir}` a folder for files. */
  readonly args: string
  readonly input?: string
  readonly rules?: readonly RuleName[]
  /** It ends with its process only, and says something then. */
  readonly ownProcess?: boolean
  /** By name: what stands in the folder before. */
  readonly files?: Readonly<Record<string, string>>
}

export function step(tool: ToolName, args: string, more: Omit<ToolStep, 'tool' | 'args'> = {}): ToolStep {
  return { tool, args, ...more }
}

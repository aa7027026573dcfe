import { MillraceError } from '@millrace/core'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'

/** Where a task stands, for a message: node, task, and the record that it works on. */
export function placeIn({ node, taskId, record }: Pick<TaskContext, 'node' | 'taskId' | 'record'>): string {
  const at = record.offset < 0 ? 'between two records' : `${record.topic}-${record.partition} at offset ${record.offset}`
  return `${node}, task ${taskId}, ${at}`
}

/** What the loop throws for what came out of a task: an error of ours, which says where. What may pass is left as it is. */
export function explain(cause: unknown, where: string): MillraceError {
  if (!(cause instanceof MillraceError)) {
    return streamError('USER_CODE_FAILED', { what: `user code threw: ${messageOf(cause)}`, where, cause })
  }
  return cause.outcome !== 'fatal' || cause.where?.includes(where) === true ? cause : located(cause, where)
}

/** The same error, with the place added. */
export function located(cause: MillraceError, where: string): MillraceError {
  const what = cause.message.slice(cause.code.length + 2, -(cause.todo.length + 2))
  return new MillraceError(cause.code, cause, { what, where, cause })
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

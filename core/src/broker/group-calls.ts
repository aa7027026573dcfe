import { coreError } from '../base/error-catalogue.ts'
import type { GroupReply } from '../coordinator/group-answers.ts'

type Answered = Exclude<GroupReply, { kind: 'refused' }>

interface Waiting {
  readonly resolve: (reply: Answered) => void
  readonly reject: (error: unknown) => void
}

/** The joins and syncs that wait for a group; each is answered once. */
export class GroupCalls {
  private readonly waiting = new Map<number, Waiting>()
  private last = 0

  /** Makes a call: `send` may be answered at once, later, or never. */
  make(send: (call: number) => Promise<void>): Promise<Answered> {
    const call = ++this.last
    return new Promise((resolve, reject) => {
      this.waiting.set(call, { resolve, reject })
      send(call).catch((error: unknown) => this.refuse(call, error))
    })
  }

  answer(reply: GroupReply): void {
    if (reply.kind === 'refused') this.refuse(reply.call, reply.error)
    else this.take(reply.call)?.resolve(reply)
  }

  refuse(call: number, error: unknown): void {
    this.take(call)?.reject(error)
  }

  refuseAll(error: unknown): void {
    for (const call of this.waiting.keys()) this.refuse(call, error)
  }

  private take(call: number): Waiting | undefined {
    const waiting = this.waiting.get(call)
    this.waiting.delete(call)
    return waiting
  }
}

export function groupReloaded(): Error {
  return coreError('GROUP_RELOADED', { what: 'a write of the log failed, and with it what the group was doing' })
}

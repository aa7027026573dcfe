import type { Disk, DiskFile } from '../base/disk.ts'
import type { AuditEvent } from '../server/audit-trail.ts'

/** A file of so many bytes becomes `<path>.1`, in place of the one before. */
const mostBytes = 64 << 20
/** Lines that wait for a slow disk; further ones are counted and left out. */
const mostWaitingBytes = 1 << 20

interface AuditLimits {
  readonly bytes: number
  readonly waitingBytes: number
}

/**
 * Events as lines of JSON in a file, the newest last.
 *
 * Invariants
 *   AL1  Two files of at most 64 MiB, and 1 MiB of memory, however much there is to tell.
 *   AL2  A disk that fails is told once, and keeps no client waiting.
 */
export class AuditLog {
  private readonly disk: Disk
  private readonly path: string
  private readonly onError: (error: unknown) => void
  private readonly limits: AuditLimits
  private file: DiskFile
  private sizeBytes: number
  private waiting: string[] = []
  private waitingBytes = 0
  private left = 0
  private writing: Promise<void> | null = null
  private hasFailed = false

  /** @throws DiskError */
  constructor(
    disk: Disk,
    path: string,
    onError: (error: unknown) => void,
    limits: AuditLimits = { bytes: mostBytes, waitingBytes: mostWaitingBytes },
  ) {
    this.disk = disk
    this.path = path
    this.onError = onError
    this.limits = limits
    const found = disk.stat(path)
    this.file = found === null ? disk.create(path) : disk.open(path)
    this.sizeBytes = found?.sizeBytes ?? 0
  }

  write(event: AuditEvent): void {
    const line = auditLine(event)
    if (this.waitingBytes + line.length > this.limits.waitingBytes) {
      this.left++
      return
    }
    this.waiting.push(line)
    this.waitingBytes += line.length
    this.writing ??= this.writeAll()
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.waiting.length + this.left > 0 && !this.hasFailed) await this.writeSome()
    } catch (error) {
      this.hasFailed = true
      this.onError(error)
    }
    this.writing = null
  }

  private async writeSome(): Promise<void> {
    if (this.sizeBytes >= this.limits.bytes) this.turn()
    const left = this.left === 0 ? [] : [JSON.stringify({ leftOut: this.left })]
    const lines = [...this.waiting, ...left].map((line) => `${line}\n`).join('')
    this.waiting = []
    this.waitingBytes = 0
    this.left = 0
    for (let bytes: Uint8Array = Buffer.from(lines); bytes.length > 0;) {
      const written = await this.file.write([bytes], this.sizeBytes)
      this.sizeBytes += written
      bytes = bytes.subarray(written)
    }
  }

  private turn(): void {
    this.file.close()
    this.disk.rename(this.path, `${this.path}.1`)
    this.file = this.disk.create(this.path)
    this.sizeBytes = 0
  }

  /** Waits for what was told. */
  async close(): Promise<void> {
    await this.writing
    this.file.close()
  }
}

/** One line, whatever is in the names: everything but plain ASCII is escaped. */
export function auditLine(event: AuditEvent): string {
  return JSON.stringify(event).replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

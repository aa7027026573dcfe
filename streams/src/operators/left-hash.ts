import { murmur3 } from './murmur3.ts'
import { bytesOf, type Writes } from './same-bytes.ts'

/** What tells whether an answer is for the left row as it is now. Null: there is none. */
export function leftHash(serde: Writes, value: unknown): string | null {
  return value === null ? null : murmur3(bytesOf(serde.write(value)))
}

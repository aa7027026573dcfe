import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import { SerdeError } from './serde-error.ts'
import type { Serde } from './serde.ts'

/**
 * Protocol Buffers by `@bufbuild/protobuf`, which has to be installed beside (`npm install @bufbuild/protobuf`). `schema` is what
 * `protoc-gen-es` generates for a message, as `UserSchema`; the type of the values follows from it. Fields that the schema does not know
 * are kept and written again. As a key mind that Protobuf does not promise equal bytes for equal messages.
 */
export function protobuf<Desc extends DescMessage>(schema: Desc): Serde<MessageShape<Desc>> {
  const name = `protobuf(${schema.typeName})`
  return {
    name,
    write: (message) => attempt(name, () => toBinary(schema, message)),
    read: (bytes) => attempt(name, () => fromBinary(schema, bytes)),
  }
}

function attempt<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new SerdeError(name, cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Protocol Buffers, for whoever has `@bufbuild/protobuf` installed: `@millrace/core/protobuf`. */
export { protobuf } from './serde/protobuf.ts'

import { writeInt32 } from '../record/big-endian.ts'
import type { Api } from './api.ts'
import { FrameWriter, type EncodedFrame } from './frame-writer.ts'
import { encoderOf, type MessageKind } from './message-codec.ts'

const sizeFieldBytes = 4
const smallestSlabBytes = 64

/** Size, header, body. @throws MESSAGE_INVALID, UNSUPPORTED_VERSION */
export function encodeFrame(
  api: Api,
  kind: MessageKind,
  version: number,
  message: unknown,
  writeHeader: (writer: FrameWriter) => void,
): EncodedFrame {
  const encoder = encoderOf(api, kind, version)
  const writer = new FrameWriter(encoder.slabBytes, encoder.place)
  writer.int32(0)
  writeHeader(writer)
  encoder.encode(writer, message as never)
  const frame = writer.finish()
  writeInt32(frame.chunks[0]!, 0, frame.sizeBytes - sizeFieldBytes)
  encoder.slabBytes = Math.max(smallestSlabBytes, roundUp(writer.ownBytes))
  return frame
}

/** To a power of two: the next message is about as long. */
function roundUp(sizeBytes: number): number {
  return 2 ** Math.ceil(Math.log2(sizeBytes))
}

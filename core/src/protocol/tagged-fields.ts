import type { FrameReader } from './frame-reader.ts'

/** Reads the tagged fields of a header, of which none means anything yet. @throws FRAME_INVALID */
export function skipTaggedFields(reader: FrameReader): void {
  forEachTag(reader, (_, sizeBytes) => void reader.take(sizeBytes))
}

/** `visit` moves the reader over the field. Tags rise, so that none comes twice (KIP-482). @throws FRAME_INVALID */
export function forEachTag(reader: FrameReader, visit: (tag: number, sizeBytes: number) => void): void {
  const { place } = reader
  const tags = reader.unsignedVarint()
  let last = -1
  for (let i = 0; i < tags; i++) {
    reader.place = place
    const tag = reader.unsignedVarint()
    if (tag <= last) throw reader.invalid('tags do not rise', `more than ${last}`, tag)
    last = tag
    visit(tag, reader.unsignedVarint())
  }
}

import type { TopicSettings } from '../coordinator/topic-settings.ts'
import type { Compression } from '../record/compression.ts'

/** How a topic stores batches; null where it takes them as they come. */
export function topicCompression(settings: TopicSettings): Compression | null {
  const { compressionType, gzipLevel, lz4Level, zstdLevel } = settings
  if (compressionType === 'producer') return null
  if (compressionType === 'uncompressed') return { codec: 'none' }
  const levels = { gzip: gzipLevel, lz4: lz4Level, snappy: undefined, zstd: zstdLevel }
  return { codec: compressionType, level: levels[compressionType] }
}

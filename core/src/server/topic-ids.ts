import type { TopicId } from '../base/ids.ts'

/** Says that there is none. */
export const noTopicId = '00000000000000000000000000000000' as TopicId

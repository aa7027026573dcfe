import type { TopicConfig } from '../coordinator/topic-config.ts'
import { topicSettings, type TopicSetting } from '../coordinator/topic-settings.ts'

export interface DescribedSetting {
  readonly name: TopicSetting
  readonly value: string
  readonly isDefault: boolean
  readonly about: string
}

/** Every setting with the value that holds. */
export function describeConfig(config: TopicConfig): readonly DescribedSetting[] {
  return Object.entries(topicSettings).map(([name, { default: usual, about }]) => ({
    name: name as TopicSetting,
    value: config[name] ?? usual,
    isDefault: config[name] === undefined,
    about,
  }))
}

import type { TopicConfig } from '../coordinator/topic-config.ts'
import { topicSettings } from '../coordinator/topic-settings.ts'

export interface DescribedSetting {
  readonly name: string
  readonly value: string
  readonly isDefault: boolean
  readonly about: string
}

/** Every setting with the value that holds. */
export function describeConfig(config: TopicConfig): readonly DescribedSetting[] {
  return Object.entries(topicSettings).map(([name, { default: usual, about }]) => ({
    name,
    value: config[name] ?? usual,
    isDefault: config[name] === undefined,
    about,
  }))
}

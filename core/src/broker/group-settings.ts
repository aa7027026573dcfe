import type { ConsumerGroupSettings } from '../coordinator/consumer-group-answers.ts'
import { groupSettings, withGroupConfig } from '../coordinator/group-config.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { ConfigDecision } from './topics.ts'

/** One setting of a group with the value that holds. */
export interface DescribedGroupSetting {
  readonly name: string
  readonly value: string
  readonly isDefault: boolean
  /** Of groups that do not say otherwise. */
  readonly usual: string
  readonly about: string
}

/** What holds for groups: what they are set to, and what is usual here. */
export class GroupSettings {
  private readonly metadata: MetadataLog
  private readonly usual: ConsumerGroupSettings

  constructor(metadata: MetadataLog, usual: ConsumerGroupSettings) {
    this.metadata = metadata
    this.usual = usual
  }

  of(group: string): ConsumerGroupSettings {
    return withGroupConfig(this.usual, this.metadata.view.groupConfigs.of(group))
  }

  /** Those that have settings of their own. */
  get groups(): readonly string[] {
    return this.metadata.view.groupConfigs.groups
  }

  describe(group: string): readonly DescribedGroupSetting[] {
    const config = this.metadata.view.groupConfigs.of(group)
    const held = this.of(group)
    return Object.entries(groupSettings).map(([name, { of, about }]) => {
      return { name, value: String(held[of]), isDefault: config[name] === undefined, usual: String(this.usual[of]), about }
    })
  }

  /** As `Topics.changeConfig`. @throws INVALID_GROUP_CONFIG, and what `decide` throws */
  async changeConfig(group: string, decide: ConfigDecision): Promise<void> {
    await this.metadata.change(({ groupConfigs }) => [groupConfigs.change(group, decide(groupConfigs.of(group)), this.usual)])
  }

  /** Refuses what `changeConfig` would refuse. */
  checkConfigChange(group: string, decide: ConfigDecision): void {
    const { groupConfigs } = this.metadata.view
    groupConfigs.change(group, decide(groupConfigs.of(group)), this.usual)
  }
}

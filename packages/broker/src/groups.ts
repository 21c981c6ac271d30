import type { Clock } from '@rockhopper/env'
import { checkGroup, isSystemGroup } from '@rockhopper/message'
import {
  type DataVersion,
  type SubscriptionGroupConfig,
  SubscriptionGroupWrapper,
} from '@rockhopper/remoting'
import type { StateFile } from '@rockhopper/store'
import { prettyJson } from './pretty-json.js'
import { VersionedTable } from './versioned-table.js'

/** Groups present from the start (Apache: SubscriptionGroupManager.init). */
const PRESET_GROUPS = [
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_RMQ_SYS_TRANS',
]

/** Group to topic to bits: which topics a group may not read. */
export type ForbiddenTable = SubscriptionGroupWrapper['forbiddenTable']

export interface GroupsParts {
  readonly clock: Clock
  readonly file: StateFile
  readonly autoCreate: () => boolean
  readonly saved:
    | {
        readonly entries: ReadonlyMap<string, SubscriptionGroupConfig>
        readonly dataVersion: DataVersion
        readonly forbiddenTable: ForbiddenTable
      }
    | undefined
}

/** Apache: SubscriptionGroupConfig's initial values. */
export function groupConfig(groupName: string): SubscriptionGroupConfig {
  return {
    attributes: new Map(),
    brokerId: 0,
    consumeBroadcastEnable: true,
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeMessageOrderly: false,
    consumeTimeoutMinute: 15,
    groupName,
    groupRetryPolicy: { type: 'CUSTOMIZED' },
    groupSysFlag: 0,
    notifyConsumerIdsChangedEnable: true,
    retryMaxTimes: 16,
    retryQueueNums: 1,
    whichBrokerWhenConsumeSlowly: 1,
  }
}

/** The broker's consumer groups (Apache: SubscriptionGroupManager). Visible only when on disk. */
export class Groups {
  readonly #table: VersionedTable<SubscriptionGroupConfig>
  readonly #autoCreate: () => boolean
  readonly #creating = new Map<string, Promise<SubscriptionGroupConfig>>()
  readonly forbiddenTable: ForbiddenTable

  constructor({ clock, file, saved, autoCreate }: GroupsParts) {
    const forbiddenTable = saved?.forbiddenTable ?? new Map()
    this.forbiddenTable = forbiddenTable
    this.#autoCreate = autoCreate
    this.#table = new VersionedTable({
      clock,
      file,
      what: 'subscriptionGroup.json',
      saved,
      render: (entries, dataVersion) =>
        prettyJson(
          SubscriptionGroupWrapper.encode({ dataVersion, forbiddenTable, subscriptionGroupTable: entries }),
        ),
    })
    for (const name of PRESET_GROUPS) this.#table.preset(name, groupConfig(name))
  }

  get(group: string): SubscriptionGroupConfig | undefined {
    return this.#table.get(group)
  }

  get entries(): ReadonlyMap<string, SubscriptionGroupConfig> {
    return this.#table.entries
  }

  get dataVersion(): DataVersion {
    return this.#table.dataVersion
  }

  put(config: SubscriptionGroupConfig): Promise<void> {
    return this.#table.put(config.groupName, config)
  }

  delete(group: string): Promise<boolean> {
    return this.#table.delete(group)
  }

  /** Undefined when there is none and none may be made: code 26. */
  async findOrCreate(group: string): Promise<SubscriptionGroupConfig | undefined> {
    const found = this.get(group)
    if (found !== undefined) return found
    if (!this.#autoCreate() && !isSystemGroup(group)) return undefined
    if (checkGroup(group) !== undefined || this.#table.full) return undefined
    const running = this.#creating.get(group)
    if (running !== undefined) return running
    const config = groupConfig(group)
    const creation = this.#table.put(group, config).then(() => config)
    this.#creating.set(group, creation)
    try {
      return await creation
    } finally {
      this.#creating.delete(group)
    }
  }
}

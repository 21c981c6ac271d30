import type { Admin, AdminTarget } from '@rockhopper/client'
import { MqError } from '@rockhopper/message'
import type { TopicsFile, WantedGroup, WantedTopic } from './topics-file.js'

/** One difference between what the file wants and what a broker has. */
export interface Difference {
  readonly setting: string
  readonly from: string
  readonly to: string
}

/** What is to be done for one topic or group at one broker. */
export interface Step {
  readonly kind: 'topic' | 'group'
  readonly name: string
  readonly brokerAddr: string
  readonly what: 'make' | 'change' | 'as wanted' | 'refuse'
  readonly differences: readonly Difference[]
  /** Why it is refused. */
  readonly reason?: string
  /** Makes or changes it. */
  readonly apply: () => Promise<unknown>
}

/** Compares the file with every broker that is meant. Changes nothing. */
export async function planOf(admin: Admin, file: TopicsFile, target: AdminTarget): Promise<readonly Step[]> {
  const topics: Step[] = []
  for (const wanted of file.topics) {
    for (const [brokerAddr, config] of await admin.topicConfigs(wanted.topic, target)) {
      topics.push(topicStep(admin, wanted, brokerAddr, config))
    }
  }
  const groups: Step[] = []
  for (const [brokerAddr, known] of file.groups.length > 0 ? await admin.subscriptionGroups(target) : []) {
    for (const wanted of file.groups)
      groups.push(groupStep(admin, wanted, brokerAddr, known.get(wanted.group)))
  }
  return [...topics, ...groups]
}

type TopicConfigs = Awaited<ReturnType<Admin['topicConfigs']>>
type TopicConfig = TopicConfigs extends ReadonlyMap<string, infer Config> ? Config : never
type Groups = Awaited<ReturnType<Admin['subscriptionGroups']>>
type GroupConfig = Groups extends ReadonlyMap<string, ReadonlyMap<string, infer Config>> ? Config : never

function topicStep(admin: Admin, wanted: WantedTopic, brokerAddr: string, config: TopicConfig): Step {
  const { topic, attributes, ...settings } = wanted
  // A change sends all settings: those that the file does not name stay as they are.
  const kept = config === undefined ? {} : settingsOf(config)
  const apply = () => admin.createTopic(topic, { brokerAddr, ...kept, ...settings, attributes })
  const step = { kind: 'topic', name: topic, brokerAddr, apply } as const
  const differences = [
    ...differencesOf(settings, config ?? {}),
    ...differencesOf(attributes, Object.fromEntries(config?.attributes ?? [])),
  ]
  if (config === undefined) return { ...step, what: 'make', differences }
  const fewer = differences.find(
    ({ setting, from, to }) => setting === 'readQueueNums' && Number(to) < Number(from),
  )
  if (fewer !== undefined) {
    const reason = `it has ${fewer.from} read queues: with ${fewer.to} nobody sees what lies in the others`
    return { ...step, what: 'refuse', differences, reason }
  }
  return { ...step, what: differences.length > 0 ? 'change' : 'as wanted', differences }
}

function settingsOf({ readQueueNums, writeQueueNums, perm, order }: Exclude<TopicConfig, undefined>) {
  return { readQueueNums, writeQueueNums, perm, order }
}

function groupStep(
  admin: Admin,
  { group, settings, attributes }: WantedGroup,
  brokerAddr: string,
  config: GroupConfig | undefined,
): Step {
  const signed = new Map(Object.entries(attributes).map(([key, value]) => [`+${key}`, value]))
  const apply = () =>
    admin.updateSubscriptionGroup(
      { ...config, ...settings, groupName: group, attributes: signed },
      { brokerAddr },
    )
  const differences = [
    ...differencesOf(settings, config ?? {}),
    ...differencesOf(attributes, Object.fromEntries(config?.attributes ?? [])),
  ]
  const what = config === undefined ? 'make' : differences.length > 0 ? 'change' : 'as wanted'
  return { kind: 'group', name: group, brokerAddr, what, differences, apply }
}

function differencesOf(wanted: object, has: object): Difference[] {
  const current = new Map<string, unknown>(Object.entries(has))
  return Object.entries(wanted).flatMap(([setting, value]) => {
    const [from, to] = [String(current.get(setting) ?? ''), String(value)]
    return from === to ? [] : [{ setting, from, to }]
  })
}

/** Makes and changes what the plan says. @throws MqError that names what was being done. */
export async function applyPlan(steps: readonly Step[]): Promise<void> {
  for (const { kind, name, brokerAddr, what, apply } of steps) {
    if (what !== 'make' && what !== 'change') continue
    try {
      await apply()
    } catch (cause) {
      throw new MqError(
        'RESPONSE_REFUSED',
        `The ${kind} '${name}' at ${brokerAddr}; what came before it is done`,
        {
          cause,
        },
      )
    }
  }
}

import { nearestKey } from '@rockhopper/broker'
import { checkGroup, checkTopic } from '@rockhopper/message'
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Range,
  type YAMLMap,
} from 'yaml'

/** A topic as the file wants it; what is left out stays as it is, or gets the broker's default. */
export interface WantedTopic {
  readonly topic: string
  readonly readQueueNums?: number
  readonly writeQueueNums?: number
  /** 2 write, 4 read. */
  readonly perm?: number
  readonly order?: boolean
  /** Apache's topic attributes; `type: DELAY` in the file is `message.type` here. */
  readonly attributes: Readonly<Record<string, string>>
}

/** A consumer group as the file wants it; what is left out stays as it is, or gets the broker's default. */
export interface WantedGroup {
  readonly group: string
  readonly settings: Readonly<Record<string, number | boolean>>
  readonly attributes: Readonly<Record<string, string>>
}

export interface TopicsFile {
  readonly topics: readonly WantedTopic[]
  readonly groups: readonly WantedGroup[]
}

/** Everything that is wrong with the file, a line each: `topics.yaml:7: …`. */
export class TopicsFileError extends Error {
  override readonly name = 'TopicsFileError'
}

const QUEUES_MAX = 1024
const INT_MAX = 2 ** 31 - 1

type Kind =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'name'; readonly check: (name: string) => string | undefined }
  | { readonly kind: 'attributes' }

type Table = Readonly<Record<string, Kind>>

const number = (min: number, max: number): Kind => ({ kind: 'number', min, max })
const flag: Kind = { kind: 'flag' }
const attributes: Kind = { kind: 'attributes' }

/** Apache: TopicMessageType, as the attribute `message.type`. */
const MESSAGE_TYPES = ['UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED', 'PRIORITY']

const TOPIC_KEYS: Table = {
  topic: { kind: 'name', check: checkTopic },
  queues: number(1, QUEUES_MAX),
  readQueueNums: number(1, QUEUES_MAX),
  writeQueueNums: number(1, QUEUES_MAX),
  perm: number(0, 7),
  order: flag,
  type: { kind: 'word', words: MESSAGE_TYPES },
  attributes,
}

/** Members of Apache's SubscriptionGroupConfig, by their names there. */
const GROUP_KEYS: Table = {
  group: { kind: 'name', check: checkGroup },
  retryMaxTimes: number(-1, INT_MAX),
  retryQueueNums: number(0, QUEUES_MAX),
  consumeEnable: flag,
  consumeFromMinEnable: flag,
  consumeBroadcastEnable: flag,
  consumeMessageOrderly: flag,
  notifyConsumerIdsChangedEnable: flag,
  consumeTimeoutMinute: number(1, INT_MAX),
  attributes,
}

type Value = string | number | boolean | Readonly<Record<string, string>>
type Entry = Readonly<Record<string, Value>>

/** @throws TopicsFileError */
export function readTopicsFile(text: string, fileName: string): TopicsFile {
  const reading = new Reading(text, fileName)
  const file = reading.read()
  if (reading.wrong.length > 0) throw new TopicsFileError(reading.wrong.join('\n'))
  return file
}

class Reading {
  readonly wrong: string[] = []
  readonly #lines = new LineCounter()
  readonly #fileName: string
  readonly #text: string

  constructor(text: string, fileName: string) {
    this.#text = text
    this.#fileName = fileName
  }

  read(): TopicsFile {
    const document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false })
    for (const { pos, message } of document.errors) this.#say(pos[0], message)
    if (document.errors.length > 0) return { topics: [], groups: [] }
    const root = document.contents
    if (!isMap(root)) {
      this.#say(root?.range?.[0] ?? 0, 'want a list `topics:` and a list `groups:`')
      return { topics: [], groups: [] }
    }
    for (const pair of root.items) this.#known(pair, ['topics', 'groups'], 'the file')
    return {
      topics: this.#list(root, 'topics', 'topic', TOPIC_KEYS).map(topicOf),
      groups: this.#list(root, 'groups', 'group', GROUP_KEYS).map(groupOf),
    }
  }

  #list(root: YAMLMap, member: string, name: string, table: Table): Entry[] {
    const list = root.get(member, true) as Node | undefined
    if (list === undefined || (isScalar(list) && list.value === null)) return []
    if (!isSeq(list)) {
      this.#say(at(list), `'${member}' is a list: write "- ${name}: NAME" below it`)
      return []
    }
    const lines = new Map<unknown, number>()
    return (list.items as Node[]).flatMap((item) => {
      const entry = this.#entry(item, name, table)
      if (entry === undefined) return []
      const first = lines.get(entry[name])
      if (first !== undefined) {
        this.#say(at(item), `the ${name} '${String(entry[name])}' is in line ${first} already`)
        return []
      }
      lines.set(entry[name], this.#lineOf(at(item)))
      return [entry]
    })
  }

  #entry(item: Node, name: string, table: Table): Entry | undefined {
    if (!isMap(item)) {
      this.#say(at(item), `a ${name} begins with "- ${name}: NAME"`)
      return undefined
    }
    const entry: Record<string, Value> = {}
    for (const pair of item.items) {
      const key = this.#known(pair, Object.keys(table), `a ${name}`)
      const value = key === undefined ? undefined : this.#value(key, pair.value as Node, table[key] as Kind)
      if (key !== undefined && value !== undefined) entry[key] = value
    }
    if (!item.has(name)) this.#say(at(item), `a ${name} needs its name: "${name}: NAME"`)
    return Object.hasOwn(entry, name) ? entry : undefined
  }

  #known(pair: Pair, keys: readonly string[], where: string): string | undefined {
    const key = isScalar(pair.key) ? String(pair.key.value) : ''
    if (keys.includes(key)) return key
    const near = nearestKey(key, keys)
    this.#say(
      at(pair.key as Node),
      `${where} has no '${key}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
    )
    return undefined
  }

  #value(key: string, node: Node, kind: Kind): Value | undefined {
    const value: unknown = isScalar(node) ? node.value : undefined
    const want = (words: string): undefined => this.#say(at(node), `'${key}' is ${words}`)
    switch (kind.kind) {
      case 'number':
        if (Number.isInteger(value) && (value as number) >= kind.min && (value as number) <= kind.max)
          return value as number
        return want(`a whole number from ${kind.min} to ${kind.max}`)
      case 'flag':
        return typeof value === 'boolean' ? value : want('true or false')
      case 'word':
        return kind.words.includes(value as string)
          ? (value as string)
          : want(`one of ${kind.words.join(', ')}`)
      case 'name': {
        const reason = typeof value === 'string' ? kind.check(value) : 'want a name'
        return reason === undefined
          ? (value as string)
          : this.#say(at(node), `the ${key} '${String(value)}': ${reason}`)
      }
      case 'attributes':
        return this.#attributes(key, node)
    }
  }

  #attributes(key: string, node: Node): Record<string, string> | undefined {
    if (!isMap(node)) return this.#say(at(node), `'${key}' holds lines like "message.type: DELAY"`)
    const read: Record<string, string> = {}
    for (const { key: name, value } of node.items) {
      // The request for a topic joins them with commas and equal signs.
      const [left, right] = [name, value].map((one) => (isScalar(one) ? String(one.value) : ''))
      if (left && right && !/[,=]/.test(left + right)) read[left] = right
      else this.#say(at(name as Node), `the attribute '${left}' needs one value without commas`)
    }
    return read
  }

  #lineOf(position: number): number {
    return this.#lines.linePos(position).line
  }

  #say(position: number, words: string): undefined {
    this.wrong.push(`${this.#fileName}:${this.#lineOf(position)}: ${words}`)
  }
}

const at = (node: Node | null | undefined): number => (node?.range as Range | undefined)?.[0] ?? 0

function topicOf({ topic, queues, type, attributes: more, ...settings }: Entry): WantedTopic {
  return {
    topic: topic as string,
    ...(queues === undefined ? {} : { readQueueNums: queues as number, writeQueueNums: queues as number }),
    ...settings,
    attributes: {
      ...(type === undefined ? {} : { 'message.type': type as string }),
      ...(more as Record<string, string> | undefined),
    },
  }
}

function groupOf({ group, attributes: more, ...settings }: Entry): WantedGroup {
  return {
    group: group as string,
    settings: settings as WantedGroup['settings'],
    attributes: (more as Record<string, string> | undefined) ?? {},
  }
}

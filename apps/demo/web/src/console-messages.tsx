import { App, Button, Collapse, Descriptions, Empty, Flex, Input, Select, Space, Tag, Typography } from 'antd'
import { useCallback, useEffect, useState } from 'react'
import type { MessageFound, TopicView } from '../../src/console-view.js'
import type { ConsoleWords } from './console-words.js'
import { get } from './server.js'

export interface Search {
  readonly topic: string
  readonly key: string
}

interface Props {
  readonly topics: readonly TopicView[]
  readonly words: ConsoleWords
  readonly search: Search
  readonly onSearch: (search: Search) => void
}

/** Looks a message up by its key, its id, or where it lies; or shows the newest of a topic. */
export function ConsoleMessages({ topics, words, search, onSearch }: Props) {
  const { message } = App.useApp()
  const [key, setKey] = useState('')
  const [found, setFound] = useState<readonly MessageFound[]>()
  const { topic, key: wanted } = search
  const find = useCallback(() => {
    if (topic === '' && wanted === '') return
    get<MessageFound[]>(`/api/console/messages?${new URLSearchParams({ topic, key: wanted })}`).then(
      setFound,
      (error: unknown) => message.error((error as Error).message, 6),
    )
  }, [topic, wanted, message])
  useEffect(find, [find])
  const ask = () => (key === wanted ? find() : onSearch({ topic, key }))
  return (
    <Flex vertical gap="middle">
      <Flex gap="small" wrap>
        <Select
          showSearch
          style={{ minWidth: 220, flex: '1 1 220px' }}
          aria-label={words.topic}
          placeholder={words.topic}
          value={topic === '' ? null : topic}
          onChange={(chosen: string) => onSearch({ topic: chosen, key })}
          options={topics.map((one) => ({ value: one.topic, label: one.topic }))}
        />
        <Space.Compact style={{ flex: '2 1 320px' }}>
          <Input
            allowClear
            value={key}
            placeholder={words.key}
            aria-label={words.key}
            onChange={(event) => setKey(event.target.value)}
            onPressEnter={ask}
          />
          <Button type="primary" onClick={ask}>
            {words.find}
          </Button>
        </Space.Compact>
      </Flex>
      {found?.length === 0 && <Empty description={words.none} />}
      <Collapse
        size="small"
        items={(found ?? []).map((one) => ({
          key: one.offsetMessageId,
          label: <Headline found={one} words={words} />,
          children: <Details found={one} words={words} />,
        }))}
      />
    </Flex>
  )
}

interface OneProps {
  readonly found: MessageFound
  readonly words: ConsoleWords
}

function Headline({ found, words }: OneProps) {
  const { deliveries, keys, messageId, queueId, queueOffset, storedAt, tag, topic } = found
  return (
    <Flex gap="small" wrap align="center" data-message={messageId}>
      <Typography.Text type="secondary" style={{ fontVariantNumeric: 'tabular-nums' }}>
        {new Date(storedAt).toLocaleTimeString([], { hour12: false })}
      </Typography.Text>
      <Typography.Text>{tag === '' ? topic : `${topic}:${tag}`}</Typography.Text>
      {keys.map((key) => (
        <Tag key={key}>{key}</Tag>
      ))}
      <Typography.Text type="secondary">
        {words.queue} {queueId}, {queueOffset}
      </Typography.Text>
      {deliveries > 0 && (
        <Tag color="volcano">
          {deliveries} {words.deliveries}
        </Tag>
      )}
    </Flex>
  )
}

function Details({ found, words }: OneProps) {
  const { body, bodySize, bornHost, brokerName, messageId, offsetMessageId, properties } = found
  const items = [
    { key: 'id', label: 'msgId', children: messageId },
    { key: 'offset', label: 'offsetMsgId', children: offsetMessageId },
    { key: 'from', label: 'bornHost', children: bornHost },
    ...(brokerName === '' ? [] : [{ key: 'broker', label: 'broker', children: brokerName }]),
    ...Object.entries(properties).map(([name, value]) => ({
      key: `p ${name}`,
      label: name,
      children: value,
    })),
    { key: 'size', label: 'body', children: `${bodySize} ${words.bytes}` },
  ]
  return (
    <Flex vertical gap="small">
      <Descriptions size="small" column={1} items={items} style={{ overflowWrap: 'anywhere' }} />
      <pre style={{ margin: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{body}</pre>
    </Flex>
  )
}

import { Button, Flex, Switch, Table, Tag, Tooltip, Typography } from 'antd'
import { useState } from 'react'
import type { GroupView, TopicView } from '../../src/console-view.js'
import type { ConsoleWords } from './console-words.js'

const COLORS: Readonly<Record<TopicView['kind'], string>> = {
  normal: 'blue',
  retry: 'orange',
  'dead-letter': 'volcano',
  system: 'default',
}

const clock = (at: number) => (at === 0 ? '–' : new Date(at).toLocaleTimeString([], { hour12: false }))
const ON_A_PHONE = { x: 'max-content' } as const

interface Props {
  readonly words: ConsoleWords
  /** Shows the messages of a topic. */
  readonly onOpen: (topic: string) => void
}

export function TopicTable({ topics, words, onOpen }: Props & { readonly topics: readonly TopicView[] }) {
  const [all, setAll] = useState(false)
  const shown = topics.filter(({ kind }) => all || kind === 'normal')
  return (
    <Flex vertical gap="small">
      <Flex gap="small" align="center">
        <Switch size="small" checked={all} onChange={setAll} aria-label={words.all} />
        <Typography.Text type="secondary">{words.all}</Typography.Text>
      </Flex>
      <Table<TopicView>
        size="small"
        rowKey="topic"
        dataSource={shown}
        pagination={false}
        scroll={ON_A_PHONE}
        onRow={({ topic }) => ({ 'data-topic': topic }) as object}
        columns={[
          {
            title: words.topic,
            dataIndex: 'topic',
            render: (topic: string, { kind }) => (
              <Flex gap={4} align="center">
                <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onOpen(topic)}>
                  {topic}
                </Button>
                {kind !== 'normal' && <Tag color={COLORS[kind]}>{kind}</Tag>}
              </Flex>
            ),
          },
          { title: words.queues, dataIndex: 'queues', align: 'right' },
          { title: words.kept, dataIndex: 'messages', align: 'right' },
          { title: words.last, dataIndex: 'lastAt', align: 'right', render: clock },
        ]}
      />
    </Flex>
  )
}

/** What a group reads, with what waits there. */
function TopicTags({ topics }: Pick<GroupView, 'topics'>) {
  return (
    <Flex wrap gap="small">
      {topics
        .filter(({ topic }) => !topic.startsWith('%'))
        .map(({ topic, lag }) => (
          <Tag key={topic} color={lag > 0 ? 'orange' : 'default'}>
            {topic}
            {lag > 0 && ` ${lag}`}
          </Tag>
        ))}
    </Flex>
  )
}

export function GroupTable({ groups, words, onOpen }: Props & { readonly groups: readonly GroupView[] }) {
  return (
    <Table<GroupView>
      size="small"
      rowKey="group"
      dataSource={[...groups]}
      pagination={false}
      scroll={ON_A_PHONE}
      onRow={({ group }) => ({ 'data-group': group }) as object}
      columns={[
        {
          title: words.group,
          dataIndex: 'group',
          render: (group: string, { broadcast }) => (
            <Flex gap={4} align="center">
              {group}
              {broadcast && (
                <Tooltip title={words.broadcastMeans}>
                  <Tag color="purple">{words.broadcast}</Tag>
                </Tooltip>
              )}
            </Flex>
          ),
        },
        {
          title: words.members,
          dataIndex: 'members',
          align: 'right',
          render: (members: GroupView['members']) => (
            <Tooltip title={<Members members={members} words={words} />}>
              <Tag color={members.length > 0 ? 'green' : 'default'}>{members.length}</Tag>
            </Tooltip>
          ),
        },
        {
          title: words.lag,
          dataIndex: 'lag',
          align: 'right',
          render: (lag: number) => <Typography.Text strong={lag > 0}>{lag}</Typography.Text>,
        },
        {
          title: words.deadLetters,
          dataIndex: 'deadLetters',
          align: 'right',
          render: (count: number, { group }) =>
            count === 0 ? (
              0
            ) : (
              <Button
                danger
                type="link"
                size="small"
                style={{ padding: 0 }}
                onClick={() => onOpen(`%DLQ%${group}`)}
              >
                {count}
              </Button>
            ),
        },
        {
          title: words.reads,
          dataIndex: 'topics',
          render: (topics: GroupView['topics']) => <TopicTags topics={topics} />,
        },
      ]}
    />
  )
}

/** Client ids; in a broadcast group with what waits for each. */
function Members({
  members,
  words,
}: {
  readonly members: GroupView['members']
  readonly words: ConsoleWords
}) {
  return members.map(({ clientId, lag }) => (
    <div key={clientId}>
      {clientId}
      {lag !== undefined && ` · ${words.lag} ${lag}`}
    </div>
  ))
}

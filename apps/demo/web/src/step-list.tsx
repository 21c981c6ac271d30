import type { Step } from '@rockhopper/shop-contracts/step'
import { Empty, Flex, Tag, Typography } from 'antd'
import type { ShopWords } from './shop-words.js'

const SHOWN_MAX = 200
const COLORS: Readonly<Record<Step['what'], string>> = {
  http: 'blue',
  published: 'gold',
  handled: 'green',
  failed: 'red',
  mail: 'purple',
  sms: 'purple',
  state: 'default',
}

interface Props {
  readonly steps: readonly Step[]
  readonly words: ShopWords
}

/** Newest first: who did what, with which message, from which queue, at which attempt. */
export function StepList({ steps, words }: Props) {
  if (steps.length === 0) return <Empty description={words.noSteps} />
  return (
    <Flex vertical gap={10} style={{ maxHeight: 460, overflowY: 'auto' }}>
      {steps.slice(0, SHOWN_MAX).map((step) => (
        <div key={`${step.at} ${step.service} ${step.messageId ?? ''} ${step.words}`} data-step={step.what}>
          <Flex gap="small" align="baseline" wrap>
            <Typography.Text type="secondary" style={{ fontSize: 12, fontVariantNumeric: 'tabular-nums' }}>
              {new Date(step.at).toISOString().slice(11, 23)}
            </Typography.Text>
            <Tag color={COLORS[step.what]}>{step.service}</Tag>
            <Typography.Text style={{ overflowWrap: 'anywhere' }}>{step.words}</Typography.Text>
          </Flex>
          <Typography.Text type="secondary" style={{ fontSize: 12, overflowWrap: 'anywhere' }}>
            {facts(step, words)}
          </Typography.Text>
        </div>
      ))}
    </Flex>
  )
}

function facts({ topic, tag, queue, messageId, attempt }: Step, words: ShopWords): string {
  const parts: string[] = []
  if (topic !== undefined) parts.push(tag === undefined ? topic : `${topic}:${tag}`)
  if (queue !== undefined) parts.push(`${words.queue} ${queue}`)
  if (attempt !== undefined && attempt > 1) parts.push(`${words.retry} ${attempt - 1}`)
  if (messageId !== undefined) parts.push(messageId)
  return parts.join(' · ')
}

import { Card, Col, Flex, Tabs } from 'antd'
import { useState } from 'react'
import { DeadLetterList } from './dead-letter-list.js'
import { InboxList } from './inbox-list.js'
import { OrderForm } from './order-form.js'
import { OrderList } from './order-list.js'
import { type Frame, PageFrame } from './page-frame.js'
import { RegisterForm } from './register-form.js'
import { ServiceCards } from './service-cards.js'
import { shopWordsIn } from './shop-words.js'
import { StepList } from './step-list.js'
import { useDeadLetters } from './use-dead-letters.js'
import type { FeedState } from './use-feed.js'

/** The whole page: what you can do on the left, what happens on the right; one column on a phone. */
export function Shop({ feed, frame }: { readonly feed: FeedState; readonly frame: Frame }) {
  return (
    <PageFrame wordsIn={shopWordsIn} online={feed.online} frame={frame}>
      {(words) => <Panels feed={feed} words={words} />}
    </PageFrame>
  )
}

function Panels({
  feed,
  words,
}: {
  readonly feed: FeedState
  readonly words: ReturnType<typeof shopWordsIn>
}) {
  const [selected, setSelected] = useState<string>()
  const { letters, refresh } = useDeadLetters(feed.steps.filter(({ what }) => what === 'failed').length)
  const open = letters.filter(({ resentAt }) => resentAt === '').length
  const orders = <OrderList orders={feed.orders} selected={selected} onSelect={setSelected} words={words} />
  const dead = <DeadLetterList letters={letters} words={words} onResent={refresh} />
  const tabs = [
    { key: 'orders', label: `${words.orders} (${feed.orders.length})`, children: orders },
    { key: 'all', label: words.allSteps, children: <StepList steps={feed.steps} words={words} /> },
    { key: 'dead', label: `${words.deadLetters} (${open})`, children: dead },
  ]
  const steps = feed.steps.filter((step) => step.orderId === selected)
  return (
    <>
      <Col xs={24}>
        <ServiceCards services={feed.services.filter(({ scenario }) => (scenario ?? 'shop') === 'shop')} />
      </Col>
      <Col xs={24} lg={9}>
        <Flex vertical gap={16}>
          <Card size="small" title={words.placeTitle}>
            <OrderForm words={words} onPlaced={setSelected} />
          </Card>
          <Card size="small" title={words.registerTitle}>
            <RegisterForm words={words} />
          </Card>
          <Card size="small" title={`${words.inboxes} (${feed.received.length})`}>
            <InboxList received={feed.received} words={words} />
          </Card>
        </Flex>
      </Col>
      <Col xs={24} lg={15}>
        <Card size="small">
          <Tabs items={tabs} />
        </Card>
        {selected !== undefined && (
          <Card size="small" title={`${words.stepsOf} ${selected.slice(0, 8)}`} style={{ marginTop: 16 }}>
            <StepList steps={steps} words={words} />
          </Card>
        )}
      </Col>
    </>
  )
}

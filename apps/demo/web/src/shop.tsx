import { Card, Col, Flex, Tabs } from 'antd'
import { type ReactNode, useState } from 'react'
import { InboxList } from './inbox-list.js'
import { OrderForm } from './order-form.js'
import { OrderList } from './order-list.js'
import { PageFrame } from './page-frame.js'
import { RegisterForm } from './register-form.js'
import { ServiceCards } from './service-cards.js'
import { StepList } from './step-list.js'
import type { FeedState } from './use-feed.js'

/** The whole page: what you can do on the left, what happens on the right; one column on a phone. */
export function Shop({ feed, scenarios }: { readonly feed: FeedState; readonly scenarios: ReactNode }) {
  const [selected, setSelected] = useState<string>()
  const steps = selected === undefined ? feed.steps : feed.steps.filter((step) => step.orderId === selected)
  return (
    <PageFrame
      title="Rockhopper shop"
      intro={
        'Five services, one broker, each a process of its own. Place an order, kill what you like, ' +
        'start it again: orders wait and complete.'
      }
      online={feed.online}
      status={{ live: 'live', offline: 'the demo does not answer' }}
      scenarios={scenarios}
    >
      <Col xs={24}>
        <ServiceCards services={feed.services.filter(({ scenario }) => (scenario ?? 'shop') === 'shop')} />
      </Col>
      <Col xs={24} lg={9}>
        <Flex vertical gap={16}>
          <Card size="small" title="Place an order">
            <OrderForm onPlaced={setSelected} />
          </Card>
          <Card size="small" title="Register a customer">
            <RegisterForm />
          </Card>
          <Card size="small" title={`Inboxes of the customers (${feed.received.length})`}>
            <InboxList received={feed.received} />
          </Card>
        </Flex>
      </Col>
      <Col xs={24} lg={15}>
        <Card size="small">
          <Tabs
            items={[
              {
                key: 'orders',
                label: `Orders (${feed.orders.length})`,
                children: <OrderList orders={feed.orders} selected={selected} onSelect={setSelected} />,
              },
              { key: 'all', label: 'All steps', children: <StepList steps={feed.steps} /> },
            ]}
          />
        </Card>
        {selected !== undefined && (
          <Card size="small" title={`Steps of order ${selected.slice(0, 8)}`} style={{ marginTop: 16 }}>
            <StepList steps={steps} />
          </Card>
        )}
      </Col>
    </PageFrame>
  )
}

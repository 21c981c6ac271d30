import { App, Button, Flex, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { type Order, post } from './server.js'

const PRODUCTS = [
  { value: 1, label: 'Rockhopper plush, 19.99' },
  { value: 2, label: 'Krill, dried, 500 g, 8.49' },
  { value: 3, label: 'Nesting pebble, 0.99' },
  { value: 4, label: 'Ice floe, limited edition, 249.00 (3 in stock)' },
]

interface Fields {
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly pid: number
  readonly quantity: number
}

const START: Fields = { name: 'Ada', email: 'ada@example.com', phone: '+14155550101', pid: 1, quantity: 1 }

export function OrderForm({ onPlaced }: { readonly onPlaced: (orderId: string) => void }) {
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<Fields>()

  const place = async (fields: Fields, count: number) => {
    setBusy(true)
    try {
      const orders = await Promise.all(Array.from({ length: count }, () => placeOne(fields)))
      message.success(count === 1 ? 'order accepted' : `${count} orders accepted`)
      if (count === 1 && orders[0] !== undefined) onPlaced(orders[0].id)
    } catch (error) {
      message.error((error as Error).message, 6)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={START}
      onFinish={(fields) => place(fields, 1)}
      size="middle"
    >
      <Form.Item name="pid" label="Product">
        <Select options={PRODUCTS} aria-label="Product" />
      </Form.Item>
      <Flex gap="small" wrap>
        <Form.Item name="quantity" label="Pieces" rules={[{ required: true }]} style={{ flex: '1 1 90px' }}>
          <InputNumber min={1} max={1000} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="name" label="Customer" rules={[{ required: true }]} style={{ flex: '2 1 140px' }}>
          <Input />
        </Form.Item>
      </Flex>
      <Flex gap="small" wrap>
        <Form.Item
          name="email"
          label="Mail"
          rules={[{ required: true, type: 'email' }]}
          style={{ flex: '1 1 160px' }}
        >
          <Input />
        </Form.Item>
        <Form.Item name="phone" label="Phone" rules={[{ required: true }]} style={{ flex: '1 1 140px' }}>
          <Input />
        </Form.Item>
      </Flex>
      <Flex gap="small" wrap>
        <Button type="primary" htmlType="submit" loading={busy}>
          Place order
        </Button>
        <Button
          onClick={() =>
            form.validateFields().then(
              (fields) => place(fields, 20),
              () => undefined,
            )
          }
          disabled={busy}
        >
          Place 20
        </Button>
      </Flex>
    </Form>
  )
}

function placeOne({ pid, quantity, name, email, phone }: Fields): Promise<Order> {
  const customer = { id: email, name, email, phone }
  const order = { customer, items: [{ pid, quantity }] }
  return post<Order>('/api/orders', order, { 'idempotency-key': crypto.randomUUID() })
}

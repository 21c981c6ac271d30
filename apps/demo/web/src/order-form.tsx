import { App, Button, Flex, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { type Order, post } from './server.js'
import type { ShopWords } from './shop-words.js'

const productsIn = (words: ShopWords) => [
  { value: 1, label: `${words.plush}, 19.99` },
  { value: 2, label: `${words.krill}, 8.49` },
  { value: 3, label: `${words.pebble}, 0.99` },
  { value: 4, label: `${words.floe}, 249.00` },
]

interface Props {
  readonly words: ShopWords
  readonly onPlaced: (orderId: string) => void
}

interface Wish {
  readonly name: string
  readonly email: string
  readonly phone: string
  readonly pid: number
  readonly quantity: number
}

const START: Wish = { name: 'Ada', email: 'ada@example.com', phone: '+14155550101', pid: 1, quantity: 1 }

export function OrderForm({ words, onPlaced }: Props) {
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<Wish>()

  const place = async (fields: Wish, count: number) => {
    setBusy(true)
    try {
      const orders = await Promise.all(Array.from({ length: count }, () => placeOne(fields)))
      message.success(count === 1 ? words.accepted : words.acceptedMany)
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
      <WishFields words={words} />
      <Flex gap="small" wrap>
        <Button type="primary" htmlType="submit" loading={busy}>
          {words.place}
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
          {words.placeMany}
        </Button>
      </Flex>
    </Form>
  )
}

function WishFields({ words }: { readonly words: ShopWords }) {
  return (
    <>
      <Form.Item name="pid" label={words.product}>
        <Select options={productsIn(words)} aria-label={words.product} />
      </Form.Item>
      <Flex gap="small" wrap>
        <Form.Item
          name="quantity"
          label={words.pieces}
          rules={[{ required: true }]}
          style={{ flex: '1 1 90px' }}
        >
          <InputNumber min={1} max={1000} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item
          name="name"
          label={words.customer}
          rules={[{ required: true }]}
          style={{ flex: '2 1 140px' }}
        >
          <Input />
        </Form.Item>
      </Flex>
      <Flex gap="small" wrap>
        <Form.Item
          name="email"
          label={words.mail}
          rules={[{ required: true, type: 'email' }]}
          style={{ flex: '1 1 160px' }}
        >
          <Input />
        </Form.Item>
        <Form.Item
          name="phone"
          label={words.phone}
          rules={[{ required: true }]}
          style={{ flex: '1 1 140px' }}
        >
          <Input />
        </Form.Item>
      </Flex>
    </>
  )
}

function placeOne({ pid, quantity, name, email, phone }: Wish): Promise<Order> {
  const customer = { id: email, name, email, phone }
  const order = { customer, items: [{ pid, quantity }] }
  return post<Order>('/api/orders', order, { 'idempotency-key': crypto.randomUUID() })
}

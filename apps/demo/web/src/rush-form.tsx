import { App, Button, Form, InputNumber } from 'antd'
import { useState } from 'react'
import type { SeckillWords } from './seckill-words.js'
import { post } from './server.js'

interface Rush {
  readonly users: number
  readonly seconds: number
  readonly stock: number
}

const FIRST: Rush = { users: 3_000, seconds: 3, stock: 100 }

/** How many come, how fast, for how much. */
export function RushForm({ words }: { readonly words: SeckillWords }) {
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const start = async (rush: Rush) => {
    setBusy(true)
    try {
      await post('/api/seckill/rush', rush)
    } catch (error) {
      message.error(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Form layout="inline" initialValues={FIRST} onFinish={start} style={{ rowGap: 8 }}>
      <Form.Item name="users" label={words.users}>
        <InputNumber min={1} max={20_000} />
      </Form.Item>
      <Form.Item name="seconds" label={words.seconds}>
        <InputNumber min={1} max={60} />
      </Form.Item>
      <Form.Item name="stock" label={words.stock}>
        <InputNumber min={1} max={10_000} />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={busy} data-action="rush">
        {words.rush}
      </Button>
    </Form>
  )
}

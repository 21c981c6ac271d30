import { App, Button, Flex, Form, Input } from 'antd'
import { useState } from 'react'
import { post } from './server.js'
import type { ShopWords } from './shop-words.js'

interface Fields {
  readonly name: string
  readonly email: string
  readonly phone: string
}

export function RegisterForm({ words }: { readonly words: ShopWords }) {
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<Fields>()

  const register = async (fields: Fields) => {
    setBusy(true)
    try {
      await post('/api/users', fields)
      message.success(words.registered)
      form.resetFields()
    } catch (error) {
      message.error((error as Error).message, 6)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Form form={form} layout="vertical" initialValues={{ phone: '+14155550102' }} onFinish={register}>
      <Flex gap="small" wrap align="end">
        <Form.Item name="name" label={words.name} rules={[{ required: true }]} style={{ flex: '1 1 110px' }}>
          <Input />
        </Form.Item>
        <Form.Item
          name="email"
          label={words.mail}
          rules={[{ required: true, type: 'email' }]}
          style={{ flex: '1 1 150px' }}
        >
          <Input />
        </Form.Item>
        <Form.Item
          name="phone"
          label={words.phone}
          rules={[{ required: true }]}
          style={{ flex: '1 1 130px' }}
        >
          <Input />
        </Form.Item>
      </Flex>
      <Button htmlType="submit" loading={busy}>
        {words.register}
      </Button>
    </Form>
  )
}

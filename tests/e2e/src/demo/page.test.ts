import { afterAll, beforeAll, expect } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { withBrowser } from './chromium.fixture.js'
import { picture, ScenarioPages } from './scenario-page.fixture.js'

const pages = new ScenarioPages()
beforeAll(() => pages.start('shop'), 120_000)
afterAll(() => pages.stop(), 60_000)

/** Places one order and returns its row in the list. */
async function place(page: Page): Promise<Locator> {
  const answered = page.waitForResponse(
    (response) => response.url().endsWith('/api/orders') && response.request().method() === 'POST',
  )
  await page.getByRole('button', { name: 'Place order' }).click()
  const { id } = (await (await answered).json()) as { id: string }
  const row = page.locator(`[data-order="${id}"]`)
  await row.waitFor()
  return row
}

withBrowser(
  'an order placed on the page is confirmed, waits for a killed service, and completes when it is back',
  async () => {
    const page = await pages.open('light', 1280, 900)
    const first = await place(page)
    await first.getByText('confirmed').waitFor()
    for (const words of ['order accepted', 'stock reserved', 'payment of 19.99 taken', 'order confirmed'])
      await page.locator('[data-step]').getByText(words).first().waitFor()
    await page.locator('[data-inbox=mail]').first().waitFor()
    await page.locator('[data-inbox=sms]').first().waitFor()
    await picture(page, 'demo-light')

    const payment = page.locator('[data-service=payment]')
    await payment.getByRole('button', { name: 'Kill -9' }).click()
    await page.locator('[data-service=payment][data-state=stopped]').waitFor()
    const second = await place(page)
    await second.getByText('stock reserved, payment waiting').waitFor()
    expect(await second.getByText('pending').count()).toBe(1)

    const dark = await pages.open('dark', 1280, 900)
    await dark.locator('[data-order]').first().click()
    await dark.locator('[data-step]').first().waitFor()
    await picture(dark, 'demo-dark-payment-killed')
    await dark.close()

    await payment.getByRole('button', { name: 'Start' }).click()
    await page.locator('[data-service=payment][data-state=running]').waitFor()
    await second.getByText('confirmed').waitFor()
    expect(await page.locator('[data-inbox=mail]').count()).toBe(2)
    await page.close()
  },
  120_000,
)

withBrowser(
  'a notice that no provider took is a dead letter, and arrives when it is resent',
  async () => {
    const page = await pages.open('light', 1280, 900)
    const outage = page.getByRole('switch', { name: 'Mail and SMS provider refuse everything' })
    await outage.click()
    const before = await page.locator('[data-inbox=mail]').count()
    const row = await place(page)
    await row.getByText('confirmed').waitFor()
    await page.getByRole('tab', { name: /Dead letters/ }).click()
    const letter = page.locator(`[data-dead-letter="${await row.getAttribute('data-order')}"]`)
    await letter.waitFor()
    // Resent too soon it fails again, and says so; nothing is lost by that.
    await letter.getByRole('button', { name: 'Resend' }).click()
    await page.getByText(/it failed again/).waitFor()
    await picture(page, 'demo-dead-letters')

    await page.getByText('中文').click()
    await page.getByRole('switch', { name: '邮件与短信服务商全部拒收' }).click()
    await letter.getByRole('button', { name: '重新投递' }).click()
    await letter.getByText('已补处理').waitFor()
    expect(await letter.getAttribute('data-resent')).toBe('true')
    await page.locator('[data-inbox=mail]').nth(before).waitFor()
    await page.getByRole('tab', { name: /订单/ }).click()
    await page.getByRole('button', { name: '提交订单' }).waitFor()

    await page.getByRole('button', { name: '取消' }).first().click()
    await page.getByText('已取消').first().waitFor()
    await page.close()
  },
  180_000,
)

withBrowser(
  'the console shows topics, groups and their dead letters, and finds a message by its key',
  async () => {
    const page = await pages.open('light', 1280, 900)
    const row = await place(page)
    await row.getByText('confirmed').waitFor()
    const orderId = (await row.getAttribute('data-order')) ?? ''
    await page.getByText('Console', { exact: true }).click()
    await page.locator('[data-topic=order_topic]').waitFor()
    const kept = page.locator('[data-topic=order_topic] td').nth(2)
    expect(Number(await kept.textContent())).toBeGreaterThan(0)
    await page.locator('[data-broker]').first().waitFor()

    await page.getByRole('tab', { name: 'Groups' }).click()
    const group = page.locator('[data-group=notification_orders]')
    // One member, nothing waits; its dead letters lead to their messages.
    await group.locator('td').nth(2).getByText('0', { exact: true }).waitFor()
    expect(await group.locator('td').nth(1).textContent()).toBe('1')
    // The broker has no offsets of a broadcast group; its members tell.
    const prices = page.locator('[data-group=order_prices]')
    await prices.getByText('broadcast').waitFor()
    await prices.getByText('price_topic').waitFor()
    await prices.locator('td').nth(1).getByText('1', { exact: true }).hover()
    await page.getByText('· Lag 0').waitFor()
    await picture(page, 'console-groups')
    await group.getByRole('button').click()
    await page.locator('[data-message]').first().waitFor()

    await page.getByRole('combobox', { name: 'Topic' }).fill('order_topic')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: /Key or message id/ }).fill(orderId)
    await page.getByRole('button', { name: 'Find' }).click()
    const found = page.locator('[data-message]', { hasText: 'order_topic:created' })
    await found.first().waitFor()
    await found.first().click()
    await page.locator('pre', { hasText: orderId }).waitFor()
    await picture(page, 'console-message')
    await page.getByText('中文').click()
    await page.getByText('Rockhopper 控制台').waitFor()
    await page.close()
  },
  120_000,
)

withBrowser(
  'on a phone nothing is wider than the screen',
  async () => {
    const page = await pages.open('light', 390, 844)
    await (await place(page)).getByText('confirmed').waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await picture(page, 'demo-phone')
    await page.getByText('Console', { exact: true }).click()
    await page.locator('[data-topic=order_topic]').waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.close()
  },
  60_000,
)

import { afterAll, beforeAll, expect } from '@jest/globals'
import type { Page } from 'playwright-core'
import { withBrowser } from './chromium.fixture.js'
import { figure, picture, ScenarioPages, until } from './scenario-page.fixture.js'

const pages = new ScenarioPages()
beforeAll(() => pages.start('seckill'), 120_000)
afterAll(() => pages.stop(), 60_000)

withBrowser(
  'a rush sells what there is, its curves move, and decisions wait while the worker is away',
  async () => {
    const page = await pages.open('light', 1280, 900)
    const shot = async () =>
      (await page.locator('[data-chart=curves] canvas').screenshot()).toString('base64')
    const before = await shot()
    await page.getByLabel('Users').fill('1200')
    await page.getByLabel('Pieces').fill('60')
    await page.locator('[data-action=rush]').click()
    await until('the curves move', async () => (await shot()) !== before)
    await until('requests wait', async () => (await figure(page, 'Waiting')) > 0)

    const worker = page.locator('[data-service=worker]')
    await worker.getByRole('button', { name: 'Kill -9' }).click()
    await page.locator('[data-service=worker][data-state=stopped]').waitFor()
    await worker.getByRole('button', { name: 'Start' }).click()
    await page.locator('[data-service=worker][data-state=running]').waitFor()

    await until('everything is sold', async () => {
      const taken = (await figure(page, 'To be paid')) + (await figure(page, 'Paid'))
      return taken === 60 && (await figure(page, 'Left')) === 0
    })
    await until('everybody has an answer', async () => (await figure(page, 'Waiting')) === 0)
    await picture(page, 'seckill-light')
    await page.getByText('中文').click()
    await page.getByText('每秒到达的请求与每秒的处理数').waitFor()
    await picture(page, 'seckill-chinese')
    // Every page is in the language that was chosen on one.
    await page.getByText('控制台', { exact: true }).click()
    await page.getByText('Rockhopper 控制台').waitFor()
    await page.close()
    const dark = await pages.open('dark', 1280, 900)
    await until('the curves are there', async () => (await figure(dark, 'Paid')) > 0)
    await picture(dark, 'seckill-dark')
    await dark.close()
  },
  180_000,
)

withBrowser(
  'on a phone nothing of the seckill page is wider than the screen',
  async () => {
    // The first answer that a page needs may fail, as when a service starts: it is asked for again.
    const failing = (page: Page) =>
      page.route('**/api/seckill/series', (route) => route.abort(), { times: 1 })
    const page = await pages.open('light', 390, 844, failing)
    await page.locator('[data-chart=curves] canvas').waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await picture(page, 'seckill-phone')
    await page.close()
  },
  90_000,
)

import { afterAll, beforeAll, expect } from '@jest/globals'
import { withBrowser } from './chromium.fixture.js'
import { figure, picture, ScenarioPages, until } from './scenario-page.fixture.js'

const pages = new ScenarioPages()
beforeAll(() => pages.start('logs'), 120_000)
afterAll(() => pages.stop(), 60_000)

withBrowser(
  'the chart moves, lines are kept, and go on after the storage was killed',
  async () => {
    const page = await pages.open('light', 1280, 900)
    const shot = async () =>
      (await page.locator('[data-chart=levels] canvas').screenshot()).toString('base64')
    await until('lines are kept', async () => (await figure(page, 'Kept since start')) > 100)
    expect(await figure(page, 'Lines per second')).toBeGreaterThan(0)
    const before = await shot()
    await until('the chart moves', async () => (await shot()) !== before)
    await picture(page, 'logs-light')

    const storage = page.locator('[data-service=storage]')
    await storage.getByRole('button', { name: 'Kill -9' }).click()
    await page.locator('[data-service=storage][data-state=stopped]').waitFor()
    await storage.getByRole('button', { name: 'Start' }).click()
    await page.locator('[data-service=storage][data-state=running]').waitFor()
    await until('it keeps lines again', async () => (await figure(page, 'Kept since start')) > 20)

    await page.getByText('中文').click()
    await page.getByText('每秒行数').waitFor()
    const dark = await pages.open('dark', 1280, 900)
    await dark.locator('[data-line]').first().waitFor()
    await picture(dark, 'logs-dark')
    await dark.close()
    await page.close()
  },
  180_000,
)

withBrowser(
  'on a phone nothing of the log page is wider than the screen',
  async () => {
    const page = await pages.open('light', 390, 844)
    await page.locator('[data-line]').first().waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await picture(page, 'logs-phone')
    await page.close()
  },
  90_000,
)

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM, FLAGS } from './chromium.fixture.js'
import { DemoRun } from './demo-run.fixture.js'

const PICTURES = process.env['ROCKHOPPER_SCREENSHOTS']
const WAIT_MS = 40_000

const withBrowser = existsSync(CHROMIUM) || process.env['CI'] === 'true' ? test : test.skip

const folder = mkdtempSync(join(tmpdir(), 'rockhopper-logs-page-'))
let demo: DemoRun | undefined
let browser: Browser | undefined

beforeAll(async () => {
  if (withBrowser !== test) return
  const base = 20_000 + Math.floor(Math.random() * 20_000)
  demo = new DemoRun(['--', 'logs', '--port-base', String(base), '--data-dir', folder])
  await demo.ready()
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await demo?.destroy()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

async function open(colorScheme: 'light' | 'dark', width: number, height: number): Promise<Page> {
  if (browser === undefined || demo === undefined) throw new Error('not started')
  const page = await browser.newPage({ colorScheme, viewport: { width, height } })
  page.setDefaultTimeout(WAIT_MS)
  await page.goto(demo.pageUrl)
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  const path = join(import.meta.dirname, '../../../..', PICTURES, `${name}.png`)
  await page.screenshot({ path, fullPage: true })
}

/** The number under a title. */
async function figure(page: Page, title: string): Promise<number> {
  const text = await page
    .locator('.ant-statistic', { hasText: title })
    .locator('.ant-statistic-content')
    .textContent()
  return Number((text ?? '').replaceAll(',', '').replace(/[^\d.]/g, ''))
}

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${WAIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

withBrowser(
  'the chart moves, lines are kept, and go on after the storage was killed',
  async () => {
    const page = await open('light', 1280, 900)
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
    const dark = await open('dark', 1280, 900)
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
    const page = await open('light', 390, 844)
    await page.locator('[data-line]').first().waitFor()
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await picture(page, 'logs-phone')
    await page.close()
  },
  90_000,
)

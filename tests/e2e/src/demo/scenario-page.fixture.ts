import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from '@jest/globals'
import { anyPortBase } from '@rockhopper/demo'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM, FLAGS, withBrowser } from './chromium.fixture.js'
import { DemoRun } from './demo-run.fixture.js'

const PICTURES = process.env['ROCKHOPPER_SCREENSHOTS']
export const WAIT_MS = 60_000

/** The demo with one scenario, and a real browser in front of its page. */
export class ScenarioPages {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rockhopper-page-'))
  #demo: DemoRun | undefined
  #browser: Browser | undefined

  async start(scenario: string): Promise<void> {
    if (withBrowser === test.skip) return
    const base = anyPortBase()
    this.#demo = new DemoRun(['--', scenario, '--port-base', String(base), '--data-dir', this.#folder])
    await this.#demo.ready()
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  }

  async stop(): Promise<void> {
    await this.#browser?.close()
    await this.#demo?.destroy()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** @param before what is done with the page before it is loaded. */
  async open(
    colorScheme: 'light' | 'dark',
    width: number,
    height: number,
    before: (page: Page) => Promise<unknown> = async () => undefined,
  ): Promise<Page> {
    if (this.#browser === undefined || this.#demo === undefined) throw new Error('not started')
    const page = await this.#browser.newPage({ colorScheme, viewport: { width, height } })
    page.setDefaultTimeout(WAIT_MS)
    await before(page)
    await page.goto(this.#demo.pageUrl)
    await page.getByText('live', { exact: true }).waitFor()
    return page
  }
}

/** Kept where ROCKHOPPER_SCREENSHOTS says. */
export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  // A short message about what was done covers the heading.
  await page.locator('.ant-message-notice').first().waitFor({ state: 'hidden' })
  const path = join(import.meta.dirname, '../../../..', PICTURES, `${name}.png`)
  await page.screenshot({ path, fullPage: true, animations: 'disabled' })
}

/** The number under a title. */
export async function figure(page: Page, title: string): Promise<number> {
  const text = await page
    .locator('.ant-statistic', { has: page.getByText(title, { exact: true }) })
    .locator('.ant-statistic-content')
    .textContent()
  return Number((text ?? '').replaceAll(',', '').replace(/[^\d.]/g, ''))
}

export async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${WAIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

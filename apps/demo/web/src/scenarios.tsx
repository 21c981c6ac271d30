import { Segmented } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { firstLanguage, type Language } from './language.js'
import { get } from './server.js'
import { useFeed } from './use-feed.js'

const PAGES: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  shop: { en: 'Shop', zh: '商店' },
  logs: { en: 'Logs', zh: '日志' },
  seckill: { en: 'Seckill', zh: '秒杀' },
  console: { en: 'Console', zh: '控制台' },
}

const Shop = lazy(async () => ({ default: (await import('./shop.js')).Shop }))
// Its charts are most of what a browser loads: only who looks at them waits for them.
const Logs = lazy(async () => ({ default: (await import('./logs.js')).Logs }))

const Console = lazy(async () => ({ default: (await import('./console.js')).Console }))
const Seckill = lazy(async () => ({ default: (await import('./seckill.js')).Seckill }))

/** One page for each scenario that runs, and one for the broker; the address says which one is open. */
export function Scenarios({ dark }: { readonly dark: boolean }) {
  const feed = useFeed()
  const [running, setRunning] = useState<readonly string[]>([])
  const [language, setLanguage] = useState<Language>(firstLanguage)
  const [open, setOpen] = useState(() => location.hash.slice(1))
  useEffect(() => {
    get<string[]>('/api/scenarios').then(setRunning, () => undefined)
    const changed = () => setOpen(location.hash.slice(1))
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  const pages = running.length === 0 ? [] : [...running, 'console']
  const shown = pages.includes(open) ? open : pages[0]
  const scenarios = pages.length > 0 && (
    <Segmented
      value={shown ?? ''}
      onChange={(name) => {
        location.hash = name
      }}
      options={pages.map((name) => ({ label: PAGES[name]?.[language] ?? name, value: name }))}
    />
  )
  const frame = { scenarios, language, onLanguage: setLanguage }
  const services = feed.services.filter(({ scenario }) => (scenario ?? shown) === shown)
  return (
    <Suspense>
      {shown === 'shop' && <Shop feed={feed} frame={frame} />}
      {shown === 'logs' && <Logs services={services} dark={dark} frame={frame} />}
      {shown === 'console' && <Console frame={frame} />}
      {shown === 'seckill' && <Seckill services={services} dark={dark} frame={frame} />}
    </Suspense>
  )
}

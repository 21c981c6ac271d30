import { Segmented } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { get } from './server.js'
import { useFeed } from './use-feed.js'

const PAGES: Readonly<Record<string, string>> = {
  shop: 'Shop',
  logs: 'Logs',
  seckill: 'Seckill',
  console: 'Console',
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
  const [open, setOpen] = useState(() => location.hash.slice(1))
  useEffect(() => {
    get<string[]>('/api/scenarios').then(setRunning, () => undefined)
    const changed = () => setOpen(location.hash.slice(1))
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  const pages = running.length === 0 ? [] : [...running, 'console']
  const shown = pages.includes(open) ? open : pages[0]
  const choice = pages.length > 0 && (
    <Segmented
      value={shown ?? ''}
      onChange={(name) => {
        location.hash = name
      }}
      options={pages.map((name) => ({ label: PAGES[name] ?? name, value: name }))}
    />
  )
  const services = feed.services.filter(({ scenario }) => (scenario ?? shown) === shown)
  return (
    <Suspense>
      {shown === 'shop' && <Shop feed={feed} scenarios={choice} />}
      {shown === 'logs' && <Logs services={services} dark={dark} scenarios={choice} />}
      {shown === 'console' && <Console scenarios={choice} />}
      {shown === 'seckill' && <Seckill services={services} dark={dark} scenarios={choice} />}
    </Suspense>
  )
}

import { App as AntApp, ConfigProvider, theme } from 'antd'
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { Scenarios } from './scenarios.js'

function Root() {
  const dark = usePrefersDark()
  const algorithm = dark ? theme.darkAlgorithm : theme.defaultAlgorithm
  return (
    <ConfigProvider
      button={{ autoInsertSpace: false }}
      theme={{ algorithm, cssVar: {}, token: { colorPrimary: '#d48806', borderRadius: 8 } }}
    >
      <AntApp>
        <Scenarios dark={dark} />
      </AntApp>
    </ConfigProvider>
  )
}

function usePrefersDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'))
  const [dark, setDark] = useState(query.matches)
  useEffect(() => {
    const changed = (event: MediaQueryListEvent) => setDark(event.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [query])
  return dark
}

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Root />
    </StrictMode>,
  )
}

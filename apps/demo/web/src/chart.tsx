import { Card, Col } from 'antd'
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

interface Props {
  readonly name: string
  readonly option: EChartsCoreOption
  readonly dark: boolean
}

/** A chart under its title: half of a wide page. */
export function ChartCard({ title, ...chart }: Props & { readonly title: string }) {
  return (
    <Col xs={24} lg={12}>
      <Card size="small" title={title}>
        <Chart key={String(chart.dark)} {...chart} />
      </Card>
    </Col>
  )
}

/** As wide as its place, and redrawn when its data change. Its colours are those of its first moment. */
function Chart({ name, option, dark }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(undefined)
  useEffect(() => {
    if (place.current === null) return
    const own = init(place.current, dark ? 'dark' : undefined)
    chart.current = own
    const resized = new ResizeObserver(() => own.resize())
    resized.observe(place.current)
    return () => {
      resized.disconnect()
      own.dispose()
    }
  }, [dark])
  useEffect(() => {
    chart.current?.setOption(
      { backgroundColor: 'transparent', animation: false, ...option },
      { replaceMerge: 'series' },
    )
  }, [option])
  return <div ref={place} data-chart={name} style={{ width: '100%', height: 240 }} />
}

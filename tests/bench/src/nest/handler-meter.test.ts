import { expect, test } from '@jest/globals'
import { HandlerMeter } from './handler-meter.js'

test('only the calls behind the warm-up are measured', async () => {
  const meter = new HandlerMeter({ warmUp: 10, count: 30 })
  for (let call = 0; call < 10; call++) meter.handle({ id: 'o' })
  const start = performance.now()
  while (performance.now() - start < 20);
  for (let call = 0; call < 20; call++) meter.handle({ id: 'o' })
  const { invocationsPerS, cpuUsPerInvocation } = await meter.measured
  expect(invocationsPerS).toBeLessThanOrEqual(1_000)
  expect(cpuUsPerInvocation).toBeGreaterThan(0)
})

test('a payload that is no order fails instead of being counted', () => {
  expect(() => new HandlerMeter({ warmUp: 1, count: 2 }).handle({} as { id: string })).toThrow('no order')
})

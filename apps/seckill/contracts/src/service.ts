import { type ServicePlan as Plan, runService as run } from '@rockhopper/service'
import { BeforeAck } from './before-ack.js'
import { FAULT_POINTS, type FaultPoint } from './fault-point.js'

export interface ServicePlan extends Pick<Plan, 'name' | 'defaultPort' | 'messages' | 'module'> {
  /** Passed between a handler's committed effect and its acknowledgement. */
  readonly beforeAck?: FaultPoint
}

/** Runs one service of the seckill as a process. */
export function runService({ beforeAck, ...plan }: ServicePlan): Promise<void> {
  const interceptors = beforeAck === undefined ? [] : [new BeforeAck(beforeAck)]
  return run({ ...plan, system: 'seckill', faultPoints: FAULT_POINTS, interceptors, handledLevel: 'debug' })
}

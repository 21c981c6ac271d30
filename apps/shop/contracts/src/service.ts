import { type ServicePlan as Plan, runService as run } from '@rockhopper/service'
import { FAULT_POINTS, type FaultPoint } from './fault-point.js'
import { HandledInterceptor } from './handled-interceptor.js'

export interface ServicePlan extends Pick<Plan, 'name' | 'defaultPort' | 'module'> {
  /**
   * Passed between a handler's committed effect and its acknowledgement; absent in a service without
   * handlers.
   */
  readonly beforeAck?: FaultPoint
}

/** Runs one service of the shop as a process. */
export function runService({ beforeAck, ...plan }: ServicePlan): Promise<void> {
  const interceptors = [new HandledInterceptor(plan.name, beforeAck)]
  return run({ ...plan, system: 'shop', faultPoints: FAULT_POINTS, interceptors })
}

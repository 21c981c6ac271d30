import type { INestApplication } from '@nestjs/common'
import {
  type ServicePlan as Plan,
  readSettings,
  runService as run,
  startService as start,
} from '@rockhopper/service'
import { FAULT_POINTS } from './fault-point.js'

export type ServicePlan = Pick<Plan, 'name' | 'defaultPort' | 'module'>

/** Runs one service of the pipeline as a process. */
export function runService(plan: ServicePlan): Promise<void> {
  return run(planOf(plan))
}

/** One service of the pipeline within this process, on any free port. */
export function startService(plan: ServicePlan, env: NodeJS.ProcessEnv): Promise<INestApplication> {
  return start(planOf(plan), readSettings({ system: 'logs', service: plan.name, port: 0 }, env))
}

function planOf(plan: ServicePlan): Plan {
  // Bodies of lines are read by the collector itself, within its own limits.
  return { ...plan, system: 'logs', faultPoints: FAULT_POINTS, bodyParser: false, handledLevel: 'debug' }
}

import { ok, type Processors, ResponseCode, refuse } from '@rockhopper/remoting'
import type { TimerService } from '../timer/timer-service.js'

interface Timed {
  readonly timer: TimerService | undefined
}

/** Codes 60 and 61: a slave follows the timer of its master. */
export function timerAdministration({ timer }: Timed): Processors {
  return {
    GET_TIMER_CHECK_POINT: () =>
      timer === undefined
        ? refuse(ResponseCode.SYSTEM_ERROR, 'The checkpoint is null')
        : ok({}, timer.encodeProgress()),
    GET_TIMER_METRICS: () =>
      timer === undefined
        ? refuse(ResponseCode.SYSTEM_ERROR, 'The timer message store is null')
        : ok({}, timer.metrics.encode()),
  }
}

/** The timer's part of code 28, under Apache's keys. */
export async function timerInfo({ timer }: Timed): Promise<Readonly<Record<string, string>>> {
  const state = await timer?.state()
  return {
    timerReadBehind: String(state?.readBehind ?? 0),
    timerOffsetBehind: String(state?.offsetBehind ?? 0),
    timerCongestNum: String(state?.congestNum ?? 0),
    timerEnqueueTps: (state?.enqueueTps ?? 0).toFixed(1),
    timerDequeueTps: (state?.dequeueTps ?? 0).toFixed(1),
  }
}

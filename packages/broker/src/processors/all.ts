import type { Disk, Host } from '@rockhopper/env'
import type { Processors } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import type { PopService } from '../pop/pop-service.js'
import type { ScheduleService } from '../schedule.js'
import type { TimerService } from '../timer/timer-service.js'
import type { Transactions } from '../transaction/transactions.js'
import { brokerAdministration } from './broker-administration.js'
import { clientForwarding } from './client-forwarding.js'
import { membershipProcessors } from './client-membership.js'
import { offsetProcessors } from './consumer-offsets.js'
import { groupAdministration } from './group-administration.js'
import { messageQuery } from './message-query.js'
import { pullProcessors } from './pull-message.js'
import { lockProcessors } from './queue-locks.js'
import { recallProcessors } from './recall-message.js'
import { resetOffset } from './reset-offset.js'
import { sendBackProcessors } from './send-back.js'
import { sendProcessors } from './send-message.js'
import { replyMessageProcessors } from './send-reply-message.js'
import { timerAdministration } from './timer-administration.js'
import { topicAdministration } from './topic-administration.js'

export type AdminParts = BrokerParts & {
  readonly schedule: ScheduleService
  readonly transactions: Transactions
  readonly pop: PopService
  /** Undefined when timerWheelEnable is off. */
  readonly timer: TimerService | undefined
  readonly host: Host
  readonly disk: Disk
}

/** Every command this broker answers; any other is answered with 3. */
export function brokerProcessors(parts: AdminParts): Processors {
  return {
    ...sendProcessors(parts),
    ...replyMessageProcessors(parts),
    ...sendBackProcessors(parts),
    ...recallProcessors(parts),
    ...pullProcessors(parts),
    ...offsetProcessors(parts),
    ...membershipProcessors(parts),
    ...lockProcessors(parts),
    ...topicAdministration(parts),
    ...groupAdministration(parts),
    ...brokerAdministration(parts),
    ...timerAdministration(parts),
    ...messageQuery(parts),
    ...clientForwarding(parts),
    ...resetOffset(parts),
    ...parts.transactions.processors(),
    ...parts.pop.processors(),
  }
}

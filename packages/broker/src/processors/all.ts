import type { Disk, Host } from '@rockhopper/env'
import type { Processors } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import type { ScheduleService } from '../schedule.js'
import { membershipProcessors } from './client-membership.js'
import { offsetProcessors } from './consumer-offsets.js'
import { pullProcessors } from './pull-message.js'
import { lockProcessors } from './queue-locks.js'
import { sendBackProcessors } from './send-back.js'
import { sendProcessors } from './send-message.js'
import { replyMessageProcessors } from './send-reply-message.js'

export type AdminParts = BrokerParts & {
  readonly schedule: ScheduleService
  readonly host: Host
  readonly disk: Disk
}

/** Every command this broker answers; any other is answered with 3. */
export function brokerProcessors(parts: AdminParts): Processors {
  return {
    ...sendProcessors(parts),
    ...replyMessageProcessors(parts),
    ...sendBackProcessors(parts),
    ...pullProcessors(parts),
    ...offsetProcessors(parts),
    ...membershipProcessors(parts),
    ...lockProcessors(parts),
  }
}

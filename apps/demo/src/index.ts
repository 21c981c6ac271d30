// What tests start, the way the demo does.
export { Child, type ChildPlan, type ChildState } from './child.js'
export { Inboxes, type Received, type Running, startSmsInbox, startSmtpInbox } from './inboxes.js'
export { logPlans } from './log-plan.js'
export { type Addresses, brokerPlan, HOST, packageFolder, type ServicePlanned, shopPlans } from './plan.js'
export { anyPortBase, Ports } from './ports.js'
export { seckillPlans } from './seckill-plan.js'

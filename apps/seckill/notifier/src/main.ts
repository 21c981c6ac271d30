import { runService } from '@rockhopper/seckill-contracts'

await runService({
  name: 'notifier',
  defaultPort: 8033,
  beforeAck: 'notifier.after-commit-before-ack',
  // Loaded here: a wrong setting is told like every other one.
  module: async (settings) => (await import('./notifier-module.js')).NotifierModule.forRoot(settings),
})

import { runService } from '@rockhopper/seckill-contracts'

await runService({
  name: 'worker',
  defaultPort: 8032,
  beforeAck: 'worker.after-commit-before-ack',
  // Loaded here: a wrong setting is told like every other one.
  module: async (settings) => (await import('./worker-module.js')).WorkerModule.forRoot(settings),
})

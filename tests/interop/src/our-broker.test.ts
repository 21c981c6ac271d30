import { Rockhopper } from './rockhopper.js'
import { scenariosAgainst } from './scenarios/all.js'

scenariosAgainst('our name server and broker', 'ours', () =>
  Rockhopper.start({
    properties: {
      enablePropertyFilter: true,
      recallMessageEnable: true,
      // As for Apache's broker: nobody wants to wait half a minute for a check.
      transactionCheckInterval: 5_000,
      transactionTimeOut: 3_000,
    },
  }),
)

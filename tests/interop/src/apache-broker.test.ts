import { ApacheRocketMQ } from './apache.js'
import { scenariosAgainst } from './scenarios/all.js'

// The reference: what fails here is wrong in the harness or in a scenario, not in Rockhopper.
scenariosAgainst("Apache's name server and broker", 'apache', () => ApacheRocketMQ.start())

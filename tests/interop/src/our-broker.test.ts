import { Rockhopper } from './rockhopper.js'
import { scenariosAgainst } from './scenarios/all.js'

scenariosAgainst('our name server and broker', () => Rockhopper.start())

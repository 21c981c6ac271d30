import { scenariosAgainst } from './scenarios/all.js'
import { Rockhopper } from './rockhopper.js'

scenariosAgainst('our name server and broker', () => Rockhopper.start())

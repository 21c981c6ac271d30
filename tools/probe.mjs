// What a turbo task sees of the environment; src/turbo-environment.test.ts asks.
import { writeFileSync } from 'node:fs'

writeFileSync('.results/environment.json', JSON.stringify(process.env))

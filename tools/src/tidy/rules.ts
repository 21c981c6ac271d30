import { catches } from './catches.js'
import { effectsThroughEnv } from './effects.js'
import { focusedTests, machinePaths, openEnds } from './leftovers.js'
import { emptyNames } from './names.js'
import { decoratorsOnlyInNest, noAbstractEnumNamespace, noBarrels, noExtends } from './shape.js'
import { fileLength, functionLength, lineLength } from './size.js'
import type { Rule } from './source.js'

/** Every rule of the style that a program checks, but for those that need types (eslint.config.mjs). */
export const RULES: readonly Rule[] = [
  fileLength,
  functionLength,
  lineLength,
  emptyNames,
  noExtends,
  noAbstractEnumNamespace,
  decoratorsOnlyInNest,
  noBarrels,
  effectsThroughEnv,
  catches,
  machinePaths,
  openEnds,
  focusedTests,
]

import type { Rule } from './source.js'
import { isScript } from './source.js'

const EMPTY_NAME = /^(utils?|helpers?|common|misc|manager|base|impl)$/i

/** `socket-utils.ts`, `utils.test.ts` and `helpers/socket.ts` say nothing about what is in them. */
export const emptyNames: Rule = {
  name: 'no file is named util, helper, common, misc, manager, base or impl',
  check(source) {
    if (!isScript(source)) return []
    const segments = source.path.split('/')
    const stem = segments.pop()?.split('.')[0] ?? ''
    const word = [stem.split('-').pop() ?? '', ...segments].find((name) => EMPTY_NAME.test(name))
    return word === undefined ? [] : [{ path: source.path, line: 1, message: `'${word}' is not a name` }]
  },
}

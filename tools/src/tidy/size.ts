import ts from 'typescript'
import {
  findInLines,
  findInTree,
  isGenerated,
  isScript,
  isTypeScript,
  parse,
  type Rule,
  type Source,
} from './source.js'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70
const LINE_LENGTH_MAX = 110

const isMeasured = (source: Source): boolean => isScript(source) && !isGenerated(source)

export const fileLength: Rule = {
  name: `files have at most ${FILE_LINES_MAX} lines`,
  check(source) {
    if (!isMeasured(source)) return []
    const count = source.text.replace(/\n$/, '').split('\n').length
    return count <= FILE_LINES_MAX
      ? []
      : [{ path: source.path, line: FILE_LINES_MAX + 1, message: `${count} lines` }]
  },
}

export const lineLength: Rule = {
  name: `lines have at most ${LINE_LENGTH_MAX} characters`,
  check(source) {
    if (!isMeasured(source)) return []
    return findInLines(source, (line) =>
      line.length <= LINE_LENGTH_MAX ? undefined : `${line.length} characters`,
    )
  },
}

export const functionLength: Rule = {
  name: `functions have at most ${FUNCTION_LINES_MAX} lines`,
  check(source) {
    if (!isTypeScript(source) || isGenerated(source)) return []
    const file = parse(source)
    return findInTree(source, (node) => {
      if (!ts.isFunctionLike(node) || isGroupOfTests(node)) return undefined
      const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line
      const count = file.getLineAndCharacterOfPosition(node.end).line - first + 1
      return count <= FUNCTION_LINES_MAX ? undefined : `${count} lines`
    })
  },
}

/** `describe('…', () => {…})` groups tests; each test in it is measured by itself. */
function isGroupOfTests(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText())
}

import ts from 'typescript'
import { findInTree, isTest, isTypeScript, type Rule } from './source.js'

const ASSERTING = /^packages\/(env|message|remoting|store|nameserver|broker|client|sim|embedded)\//

/**
 * A catch rethrows, translates, or is a loop's last line that logs; and it lets an AssertionError through.
 *
 * What a program can see of that: the block does something with the failure (throws, returns, rejects, logs,
 * records it). In the packages that assert, one that stands around more than one statement or an await, where
 * an assertion can fail, rethrows what it caught, hands it to what fails (`this.#fail(error)`), or names
 * assertions. Elsewhere the failure may be that of a user's handler, and ends as any other.
 */
export const catches: Rule = {
  name: 'catch rethrows, translates or logs, and lets AssertionError through',
  check(source) {
    if (!isTypeScript(source) || isTest(source)) return []
    return findInTree(source, (node) => {
      if (ts.isCatchClause(node)) return judgeClause(node, ASSERTING.test(source.path))
      return ts.isCallExpression(node) ? judgeHandler(node) : undefined
    })
  },
}

function judgeClause(clause: ts.CatchClause, asserting: boolean): string | undefined {
  if (clause.block.statements.length === 0) return 'the catch is empty'
  if (!asserting || !isBroad(clause.parent.tryBlock)) return undefined
  const caught = clause.variableDeclaration?.name.getText()
  const letsThrough = contains(clause.block, (node) => {
    if (ts.isIdentifier(node)) return /assert/i.test(node.text)
    if (caught === undefined) return false
    if (ts.isThrowStatement(node)) return node.expression.getText() === caught
    return (
      ts.isCallExpression(node) && isFailing(node) && node.arguments.some((one) => one.getText() === caught)
    )
  })
  return letsThrough ? undefined : 'an AssertionError ends here: rethrow what is not expected'
}

/** `this.#fail(error)`, `reject(error)`: the caught error goes on to where it ends a store or a promise. */
function isFailing(call: ts.CallExpression): boolean {
  return /(^|[.#])(fail|failed|reject|fatal|onFatal)$/.test(call.expression.getText())
}

/** `promise.catch(() => {})` loses the failure just as an empty block does. */
function judgeHandler(call: ts.CallExpression): string | undefined {
  if (!ts.isPropertyAccessExpression(call.expression) || call.expression.name.text !== 'catch')
    return undefined
  const [handler] = call.arguments
  if (handler === undefined || !(ts.isArrowFunction(handler) || ts.isFunctionExpression(handler)))
    return undefined
  const isEmpty = ts.isBlock(handler.body)
    ? handler.body.statements.length === 0
    : handler.body.getText() === 'undefined'
  return isEmpty ? 'the failure is thrown away' : undefined
}

function isBroad(block: ts.Block): boolean {
  return block.statements.length > 1 || contains(block, ts.isAwaitExpression)
}

function contains(node: ts.Node, test: (node: ts.Node) => boolean): boolean {
  return ts.forEachChild(node, (child) => test(child) || contains(child, test)) ?? false
}

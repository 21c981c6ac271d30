import ts from 'typescript'
import { findInTree, isTest, isTypeScript, type Rule } from './source.js'

/**
 * A catch rethrows, translates, or is a loop's last line that logs; and it lets an AssertionError through.
 *
 * What a program can see of that: the block does something with the failure (throws, returns, rejects, logs,
 * records it); and when it stands around more than one statement or an await, where an assertion of ours can
 * fail, it rethrows what it caught or names assertions.
 */
export const catches: Rule = {
  name: 'catch rethrows, translates or logs, and lets AssertionError through',
  check(source) {
    if (!isTypeScript(source) || isTest(source)) return []
    return findInTree(source, (node) => {
      if (ts.isCatchClause(node)) return judgeClause(node)
      return ts.isCallExpression(node) ? judgeHandler(node) : undefined
    })
  },
}

function judgeClause(clause: ts.CatchClause): string | undefined {
  if (clause.block.statements.length === 0) return 'the catch is empty'
  if (!isBroad(clause.parent.tryBlock)) return undefined
  const caught = clause.variableDeclaration?.name.getText()
  const letsThrough = contains(clause.block, (node) => {
    if (ts.isIdentifier(node)) return /assert/i.test(node.text)
    return ts.isThrowStatement(node) && caught !== undefined && node.expression.getText() === caught
  })
  return letsThrough ? undefined : 'an AssertionError ends here: rethrow what is not expected'
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

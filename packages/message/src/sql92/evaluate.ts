import type { Expression, JavaNumber, OrderOperator, TextTest, Value } from './expression.js'
import type { NumberTexts } from './number-texts.js'
import { includesText } from './text-search.js'

/** Where Java throws: text that is no number beside a number. Such a message is not wanted. */
export const FAILED: unique symbol = Symbol('failed')
export type Outcome = Value | typeof FAILED
export type Condition = boolean | null | typeof FAILED

/** The message at hand. */
export interface PropertyValues {
  /** Null for an absent one. */
  valueAt(index: number): string | null
  readonly numbers: NumberTexts
}

/** Three-valued, left to right, as Apache's classes of the same names evaluate. */
export function evaluate(expression: Expression, properties: PropertyValues): Outcome {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'property':
      return properties.valueAt(expression.index)
    case 'negate':
      return negate(evaluate(expression.operand, properties))
    case 'cast': {
      // A property is text, and no text is a condition.
      const value = evaluate(expression.operand, properties)
      return value === null || value === FAILED ? value : value === true
    }
    case 'not': {
      const value = evaluate(expression.operand, properties)
      return typeof value === 'boolean' ? !value : value
    }
    case 'and':
      return joined(expression.left, expression.right, properties, false)
    case 'or':
      return joined(expression.left, expression.right, properties, true)
    case 'equal':
      return equal(evaluate(expression.left, properties), expression.right, properties)
    case 'order':
      return ordered(expression.operator, expression.left, expression.right, properties)
    case 'in': {
      const value = evaluate(expression.operand, properties)
      if (typeof value === 'string') return expression.texts.has(value) !== expression.not
      return value === FAILED ? FAILED : null
    }
    case 'text':
      return texts(expression, properties)
  }
}

function negate(value: Outcome): Outcome {
  if (value === FAILED) return FAILED
  if (value === null || typeof value !== 'object') return null
  if (value.type === 'long') return { type: 'long', value: BigInt.asIntN(64, -value.value) }
  // Java's int has no negative zero.
  return value.type === 'int'
    ? { type: 'int', value: -value.value | 0 }
    : { type: 'double', value: -value.value }
}

/** AND with `deciding` false, OR with true: that value on either side decides. */
function joined(left: Expression, right: Expression, properties: PropertyValues, deciding: boolean): Outcome {
  const first = evaluate(left, properties)
  if (first === deciding || first === FAILED) return first
  const second = evaluate(right, properties)
  if (second === deciding || second === FAILED) return second
  return first === null || second === null ? null : !deciding
}

function equal(left: Outcome, rightSide: Expression, properties: PropertyValues): Condition {
  if (left === FAILED) return FAILED
  const right = evaluate(rightSide, properties)
  if (right === FAILED) return FAILED
  if (left === null) return right === null ? true : null
  if (right === null) return false
  const order = compare(left, right, properties.numbers)
  return order === FAILED ? FAILED : order === 0
}

function ordered(
  operator: OrderOperator,
  leftSide: Expression,
  rightSide: Expression,
  properties: PropertyValues,
): Condition {
  const left = evaluate(leftSide, properties)
  if (left === null || left === FAILED) return left
  const right = evaluate(rightSide, properties)
  if (right === null || right === FAILED) return right
  const { numbers } = properties
  const order =
    typeof left === 'string' && typeof right === 'string'
      ? compareNumbers(numbers.read('double', left), numbers.read('double', right))
      : compare(left, right, numbers)
  if (order === FAILED) return FAILED
  switch (operator) {
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
  }
}

/** ComparisonExpression.__compare. */
function compare(
  left: Exclude<Value, null>,
  right: Exclude<Value, null>,
  numbers: NumberTexts,
): number | typeof FAILED {
  if (typeof left === 'boolean') {
    // Apache casts the Boolean to String here.
    if (typeof right === 'string') return FAILED
    return left === right ? 0 : -1
  }
  if (typeof left === 'string') {
    if (typeof right === 'string') return left === right ? 0 : -1
    if (typeof right === 'boolean') return isTrue(left) === right ? 0 : -1
    return compareNumbers(numbers.read(right.type, left), right)
  }
  if (typeof right === 'boolean') return -1
  return compareNumbers(left, typeof right === 'string' ? numbers.read(left.type, right) : right)
}

/** Boolean.valueOf. */
function isTrue(text: string): boolean {
  return text.length === 4 && text.toLowerCase() === 'true'
}

export function compareNumbers(
  left: JavaNumber | undefined,
  right: JavaNumber | undefined,
): number | typeof FAILED {
  if (left === undefined || right === undefined) return FAILED
  if (left.type === 'double' || right.type === 'double')
    return compareDoubles(Number(left.value), Number(right.value))
  if (left.value < right.value) return -1
  return left.value > right.value ? 1 : 0
}

/** Double.compare: NaN is above all and equal to itself, -0 is below 0. */
function compareDoubles(left: number, right: number): number {
  if (left < right) return -1
  if (left > right) return 1
  if (Object.is(left, right)) return 0
  if (Number.isNaN(left)) return 1
  if (Number.isNaN(right)) return -1
  return Object.is(left, -0) ? -1 : 1
}

function texts(
  { test, operand, search, not }: Extract<Expression, { kind: 'text' }>,
  properties: PropertyValues,
): Condition {
  // Also behind NOT: nothing contains the empty text, and nothing does not.
  if (search === '') return false
  const value = evaluate(operand, properties)
  if (value === FAILED) return FAILED
  return typeof value === 'string' && passes(test, value, search) !== not
}

function passes(test: TextTest, text: string, search: string): boolean {
  switch (test) {
    case 'CONTAINS':
      return includesText(text, search)
    case 'STARTSWITH':
      return text.startsWith(search)
    case 'ENDSWITH':
      return text.endsWith(search)
  }
}

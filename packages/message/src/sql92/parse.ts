import { compareNumbers } from './evaluate.js'
import {
  type Expression,
  isCondition,
  type JavaNumber,
  type OrderOperator,
  type TextTest,
} from './expression.js'
import { parseJavaLong } from './java-number.js'
import { Sql92Fault, stringValue, type Token, type TokenKind, tokenAt } from './tokens.js'

export interface Sql92Limits {
  /** Brackets, NOT and signs inside each other. */
  readonly depthMax: number
  /** Comparisons, tests and conditions in all. */
  readonly termsMax: number
}

export interface Parsed {
  readonly expression: Expression
  /** Properties it names, each once. */
  readonly names: readonly string[]
}

/**
 * Reads what Apache's SelectorParser.jj reads, and refuses what it or its expression classes refuse; throws
 * Sql92Fault. As there the first complete expression is taken: of what stands behind it only the next token
 * has to be one.
 */
export function parseSql92(text: string, limits: Sql92Limits): Parsed {
  const parser = new Parser(text, limits)
  return { expression: parser.selector(), names: parser.names }
}

const ORDER_OPERATORS: ReadonlySet<TokenKind> = new Set<TokenKind>(['>', '>=', '<', '<='])
const TEXT_TESTS: ReadonlySet<TokenKind> = new Set<TokenKind>(['CONTAINS', 'STARTSWITH', 'ENDSWITH'])

/** An expression and where it begins, for what is said about it. */
interface Placed {
  readonly expression: Expression
  readonly position: number
}

class Parser {
  readonly #text: string
  readonly #limits: Sql92Limits
  readonly #indexes = new Map<string, number>()
  #next: Token | undefined
  #at = 0
  #depth = 0
  #terms = 0

  constructor(text: string, limits: Sql92Limits) {
    this.#text = text
    this.#limits = limits
  }

  get names(): readonly string[] {
    return [...this.#indexes.keys()]
  }

  selector(): Expression {
    return condition(this.#or())
  }

  #or(): Placed {
    let left = this.#and()
    while (this.#accept('OR')) {
      const right = condition(this.#and())
      left = { ...left, expression: { kind: 'or', left: condition(left), right } }
    }
    return left
  }

  #and(): Placed {
    let left = this.#equality()
    while (this.#accept('AND')) {
      const right = condition(this.#equality())
      left = { ...left, expression: { kind: 'and', left: condition(left), right } }
    }
    return left
  }

  #equality(): Placed {
    this.#countTerm()
    let left = this.#comparison()
    for (let chained = false; ; chained = true) {
      const { kind, position } = this.#peek()
      if (kind !== '=' && kind !== '<>' && kind !== 'IS') return left
      if (chained) this.#countTerm()
      this.#take()
      const expression = kind === 'IS' ? this.#isNull(left) : this.#equals(left, position, kind === '<>')
      left = { ...left, expression }
    }
  }

  #isNull({ expression }: Placed): Expression {
    const not = this.#accept('NOT')
    this.#expect('NULL')
    const test: Expression = { kind: 'equal', left: expression, right: { kind: 'constant', value: null } }
    return not ? { kind: 'not', operand: test } : test
  }

  #equals(left: Placed, position: number, not: boolean): Expression {
    const right = this.#comparison()
    for (const side of [left, right]) {
      if (side.expression.kind === 'constant' && side.expression.value === null)
        throw new Sql92Fault('NULL cannot be compared; write IS NULL', side.position)
    }
    const [first, second] = [left.expression, right.expression]
    const literals = first.kind === 'constant' && second.kind === 'constant'
    if (literals && isCondition(first) && !isCondition(second))
      throw new Sql92Fault('TRUE or FALSE cannot be compared with another literal', position)
    const test: Expression = { kind: 'equal', left: first, right: second }
    return not ? { kind: 'not', operand: test } : test
  }

  #comparison(): Placed {
    let left = this.#unary()
    for (let chained = false; ; chained = true) {
      const { kind } = this.#peek()
      const order = ORDER_OPERATORS.has(kind)
      if (!order && !TEXT_TESTS.has(kind) && kind !== 'NOT' && kind !== 'BETWEEN' && kind !== 'IN')
        return left
      if (chained) this.#countTerm()
      this.#take()
      const expression = order ? this.#order(kind as OrderOperator, left) : this.#test(kind, left)
      left = { ...left, expression }
    }
  }

  #order(operator: OrderOperator, left: Placed): Expression {
    const right = this.#unary()
    return ordered(operator, left, right)
  }

  #test(first: TokenKind, left: Placed): Expression {
    const not = first === 'NOT'
    const { kind, position } = not ? this.#take() : { kind: first, position: left.position }
    if (TEXT_TESTS.has(kind)) {
      const search = stringValue(this.#expect('string'))
      return { kind: 'text', test: kind as TextTest, operand: left.expression, search, not }
    }
    if (kind === 'BETWEEN') return this.#between(left, not)
    if (kind === 'IN') return this.#in(left, not)
    throw new Sql92Fault('expected IN, BETWEEN, CONTAINS, STARTSWITH or ENDSWITH behind NOT', position)
  }

  #between(value: Placed, not: boolean): Expression {
    const low = this.#unary()
    this.#expect('AND')
    const high = this.#unary()
    if (not) return { kind: 'or', left: ordered('<', value, low), right: ordered('>', value, high) }
    const inside: Expression = {
      kind: 'and',
      left: ordered('>=', value, low),
      right: ordered('<=', value, high),
    }
    // Behind the checks of the operands: each literal is a number. A sign makes it something else.
    const [lowest, highest] = [numberOf(low.expression), numberOf(high.expression)]
    if (lowest !== undefined && highest !== undefined && compareNumbers(lowest, highest) === 1)
      throw new Sql92Fault('the lower bound of BETWEEN is above the upper one', low.position)
    return inside
  }

  #in({ expression, position }: Placed, not: boolean): Expression {
    this.#expect('(')
    const texts = new Set<string>()
    do {
      texts.add(stringValue(this.#expect('string')))
    } while (this.#accept(','))
    this.#expect(')')
    if (expression.kind !== 'property') throw new Sql92Fault('IN wants a property on its left', position)
    return { kind: 'in', operand: expression, texts, not }
  }

  #unary(): Placed {
    const { kind, position } = this.#peek()
    if (kind !== '+' && kind !== '-' && kind !== 'NOT') return this.#primary()
    this.#take()
    const operand = this.#deeper(position, () => this.#unary())
    if (kind === '+') return operand
    if (kind === '-') return { expression: { kind: 'negate', operand: operand.expression }, position }
    return { expression: { kind: 'not', operand: condition(operand) }, position }
  }

  #primary(): Placed {
    const token = this.#take()
    const { position } = token
    if (token.kind === '(') {
      const inside = this.#deeper(position, () => this.#or())
      this.#expect(')')
      return { ...inside, position }
    }
    return { expression: this.#operand(token), position }
  }

  #operand(token: Token): Expression {
    switch (token.kind) {
      case 'string':
        return { kind: 'constant', value: stringValue(token) }
      case 'decimal':
        return { kind: 'constant', value: decimal(token) }
      case 'floating':
        return { kind: 'constant', value: floating(token) }
      case 'TRUE':
      case 'FALSE':
        return { kind: 'constant', value: token.kind === 'TRUE' }
      case 'NULL':
        return { kind: 'constant', value: null }
      case 'name':
        return { kind: 'property', index: this.#indexOf(token.text) }
      default:
        throw unexpected(token, 'a property, a literal or a bracket')
    }
  }

  #indexOf(name: string): number {
    const known = this.#indexes.get(name) ?? this.#indexes.size
    this.#indexes.set(name, known)
    return known
  }

  #deeper<T>(position: number, read: () => T): T {
    const { depthMax } = this.#limits
    if (++this.#depth > depthMax) throw new Sql92Fault(`nested deeper than ${depthMax}`, position)
    const result = read()
    this.#depth--
    return result
  }

  #countTerm(): void {
    const { termsMax } = this.#limits
    if (++this.#terms > termsMax) throw new Sql92Fault(`more than ${termsMax} terms`, this.#peek().position)
  }

  #peek(): Token {
    this.#next ??= tokenAt(this.#text, this.#at)
    return this.#next
  }

  #take(): Token {
    const token = this.#peek()
    this.#at = token.position + token.text.length
    this.#next = undefined
    return token
  }

  #accept(kind: TokenKind): boolean {
    if (this.#peek().kind !== kind) return false
    this.#take()
    return true
  }

  #expect(kind: TokenKind): Token {
    const token = this.#take()
    if (token.kind === kind) return token
    throw unexpected(token, kind === 'string' ? 'a text in quotes' : `'${kind}'`)
  }
}

function unexpected({ kind, text, position }: Token, wanted: string): Sql92Fault {
  return new Sql92Fault(`expected ${wanted}, found ${kind === 'end' ? 'the end' : `'${text}'`}`, position)
}

/** SelectorParser#asBooleanExpression. */
function condition({ expression, position }: Placed): Expression {
  if (isCondition(expression)) return expression
  if (expression.kind === 'property') return { kind: 'cast', operand: expression }
  throw new Sql92Fault('this is a value, not a condition', position)
}

/** ComparisonExpression.checkLessThanOperand. */
function ordered(operator: OrderOperator, left: Placed, right: Placed): Expression {
  for (const { expression, position } of [left, right]) {
    const wrong =
      expression.kind === 'constant' ? numberOf(expression) === undefined : isCondition(expression)
    if (wrong) throw new Sql92Fault('only a property and numbers have an order', position)
  }
  return { kind: 'order', operator, left: left.expression, right: right.expression }
}

function numberOf(expression: Expression): JavaNumber | undefined {
  if (expression.kind !== 'constant') return undefined
  const { value } = expression
  return value !== null && typeof value === 'object' ? value : undefined
}

/** ConstantExpression.createFromDecimal: an int where it fits, else a long. */
function decimal({ text, position }: Token): JavaNumber {
  const digits = text.endsWith('l') || text.endsWith('L') ? text.slice(0, -1) : text
  const value = parseJavaLong(digits)
  if (value === undefined) throw new Sql92Fault(`${text} does not fit into 64 bits`, position)
  return value < 2n ** 31n ? { type: 'int', value: Number(value) } : { type: 'long', value }
}

/** ConstantExpression.createFloat, which refuses zero, too. */
function floating({ text, position }: Token): JavaNumber {
  const value = Number(text)
  if (value > Number.MAX_VALUE) throw new Sql92Fault(`${text} is too large for a double`, position)
  if (value < Number.MIN_VALUE) throw new Sql92Fault(`${text} is not above zero; write 0`, position)
  return { type: 'double', value }
}

import { createHash } from 'node:crypto'

/** An expression and the properties of a message it is asked about. */
export interface Sql92Case {
  readonly expression: string
  readonly properties: Readonly<Record<string, string>>
}

/** vectors/sql92-answers.json. */
export interface Sql92Answers {
  readonly command: string
  readonly apache: string
  readonly seed: number
  /** Of the cases that were asked: other cases have other answers. */
  readonly casesSha256: string
  /** One character each: T, F, N (null), X (an exception while it is evaluated), R (refused). */
  readonly answers: string
}

export const CORPUS_SEED = 20_260_101
export const CORPUS_COUNT = 6_000

/** Always the same cases for a seed: only their answers have to be kept. */
export function sql92Corpus(seed: number, count: number): Sql92Case[] {
  const source = new CaseSource(seed)
  return Array.from({ length: count }, () => source.next())
}

export function casesSha256(cases: readonly Sql92Case[]): string {
  return createHash('sha256').update(cases.map(caseLine).join('\n')).digest('hex')
}

/** As FilterAnswers.java reads it. */
export function caseLine({ expression, properties }: Sql92Case): string {
  return [expression, ...Object.entries(properties).flat()].map(base64).join(' ')
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const NAMES = ['a', 'b', 'n', 'f', 't', 'e', 'A', '$x', '_1', 'TAGS'] as const
/** Some are numbers to one type only, some to none; most texts are near a literal below. */
const VALUES = [
  ...[
    '5',
    '5',
    '6',
    '1',
    '0',
    '-3',
    '+5',
    '05',
    '5.0',
    '1.5',
    '.5',
    '5.',
    '-0',
    '-0.0',
    '1e3',
    '1E-3',
    '5d',
    '5f',
  ],
  ...['2147483647', '2147483648', '-2147483648', '9223372036854775807', '9223372036854775808', '１２', '٥'],
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '0x1p3',
    '0x.8P1',
    '0x10',
    '1e400',
    '4.9e-324',
    ' 5 ',
    '5 ',
    '1_0',
    '1e',
    '-',
  ],
  ...['true', 'TRUE', 'True', 'false', 'x', 'X', '', ' ', "it's", 'abc', 'abcabc', 'b', '世界', 'a\tb'],
] as const
const DECIMALS = [
  '0',
  '1',
  '3',
  '5',
  '6',
  '5L',
  '6l',
  '2147483647',
  '2147483648',
  '9223372036854775807',
] as const
const FLOATS = [
  '1.5',
  '5.0',
  '.5',
  '5.',
  '1e3',
  '4.9e-324',
  '0.001',
  '1.7976931348623157E308',
  '5E0',
] as const
const TEXTS = ['5', 'x', 'abc', 'b', '', 'true', "it''s", 'TRUE', '1.5', '世', 'ab', 'bc'] as const
/** Refused, or read as something else than one might think. */
const ODD_LITERALS = [
  ...[
    '0L',
    '05',
    '0.0',
    '1e400',
    '9223372036854775808',
    '1e-400',
    "'",
    "'x",
    '0x5',
    '5LL',
    '1.2.3',
    '"x"',
    '1e',
    '.',
  ],
] as const
const ODD_TOKENS = [
  ...[
    '=',
    '<>',
    '>',
    '>=',
    '<',
    '<=',
    '(',
    ')',
    ',',
    '+',
    '-',
    'AND',
    'OR',
    'NOT',
    'IS',
    'NULL',
    'IN',
    'BETWEEN',
  ],
  ...[
    'CONTAINS',
    'STARTSWITH',
    'ENDSWITH',
    'TRUE',
    'LIKE',
    '--',
    '/*',
    '*/',
    '#',
    '!=',
    '==',
    ';',
    'é',
    "''",
    'ſ',
  ],
] as const

/** mulberry32, as everywhere: a number decides all. */
class CaseSource {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): Sql92Case {
    const tokens = this.#condition(this.#int(4))
    const broken = this.#int(100)
    if (broken < 12) this.#spoil(tokens)
    else if (broken < 15) tokens.splice(0, tokens.length, ...this.#soup())
    return { expression: this.#written(tokens), properties: this.#properties() }
  }

  #int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#int(of.length)] as T
  }

  #properties(): Record<string, string> {
    const properties: Record<string, string> = {}
    for (const name of NAMES) if (this.#int(10) < 7) properties[name] = this.#one(VALUES)
    return properties
  }

  #condition(depth: number): string[] {
    const choice = depth === 0 ? 5 + this.#int(15) : this.#int(20)
    if (choice < 2) return [...this.#condition(depth - 1), 'AND', ...this.#condition(depth - 1)]
    if (choice < 4) return [...this.#condition(depth - 1), 'OR', ...this.#condition(depth - 1)]
    if (choice < 5) return ['NOT', '(', ...this.#condition(depth - 1), ')']
    return this.#test(depth)
  }

  #test(depth: number): string[] {
    const operand = this.#operand(depth)
    const not = this.#int(3) === 0 ? ['NOT'] : []
    switch (this.#int(12)) {
      case 0:
      case 1:
      case 2:
        return [...operand, this.#one(['=', '=', '<>']), ...this.#operand(depth)]
      case 3:
      case 4:
      case 5:
        return [...operand, this.#one(['>', '>=', '<', '<=']), ...this.#operand(depth)]
      case 6:
        return [...operand, 'IS', ...not, 'NULL']
      case 7:
        return [...operand, ...not, 'BETWEEN', ...this.#number(), 'AND', ...this.#number()]
      case 8:
        return [...operand, ...not, 'IN', '(', ...this.#texts(), ')']
      case 9:
      case 10:
        return [...operand, ...not, this.#one(['CONTAINS', 'STARTSWITH', 'ENDSWITH']), this.#text()]
      default:
        return this.#one([operand, ['TRUE'], ['FALSE'], ['NULL']])
    }
  }

  #operand(depth: number): string[] {
    const choice = this.#int(40)
    if (choice < 24) return [this.#one(NAMES)]
    if (choice < 29) return this.#number()
    if (choice < 32) return [this.#text()]
    if (choice < 34) return [this.#one(['TRUE', 'FALSE', 'NULL', 'true'])]
    if (choice < 36) return [this.#one(ODD_LITERALS)]
    if (choice < 38) return [this.#one(['-', '+', 'NOT']), ...this.#operand(0)]
    return depth === 0 ? [this.#one(NAMES)] : ['(', ...this.#condition(depth - 1), ')']
  }

  #number(): string[] {
    const sign = this.#int(5) === 0 ? [this.#one(['-', '+'])] : []
    return [...sign, this.#int(3) === 0 ? this.#one(FLOATS) : this.#one(DECIMALS)]
  }

  #text(): string {
    return `'${this.#one(TEXTS)}'`
  }

  #texts(): string[] {
    const texts = [this.#text()]
    while (this.#int(3) > 0) texts.push(',', this.#text())
    return texts
  }

  /** One token more, less or other. */
  #spoil(tokens: string[]): void {
    const at = this.#int(tokens.length + 1)
    const removed = this.#int(2)
    tokens.splice(at, removed, ...(this.#int(2) === 0 ? [] : [this.#one(ODD_TOKENS)]))
  }

  #soup(): string[] {
    const all = [...ODD_TOKENS, ...NAMES, ...DECIMALS, ...FLOATS, ...ODD_LITERALS, "'x'"]
    return Array.from({ length: 1 + this.#int(8) }, () => this.#one(all))
  }

  /** Between tokens a blank, a comment, or, where it changes the tokens, nothing. */
  #written(tokens: readonly string[]): string {
    const blanks = [' ', ' ', ' ', ' ', ' ', ' ', '  ', '\t', '\n', '', ' /* a * b */ ', ' -- c\n']
    let text = ''
    for (const token of tokens) {
      const cased = /^[A-Z]{2,}$/.test(token) && this.#int(4) === 0 ? token.toLowerCase() : token
      text += (text === '' ? '' : this.#one(blanks)) + cased
    }
    return text
  }
}

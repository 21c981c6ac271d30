/** Why an expression is refused. `position` counts characters (UTF-16 units) from 0. */
export class Sql92Fault extends Error {
  readonly position: number

  constructor(reason: string, position: number) {
    super(reason)
    this.position = position
  }
}

const KEYWORDS = [
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'IN',
  'TRUE',
  'FALSE',
  'NULL',
  'IS',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
] as const
const SYMBOLS = ['<>', '>=', '<=', '=', '>', '<', '(', ',', ')', '+', '-'] as const

export type TokenKind =
  | (typeof KEYWORDS)[number]
  | (typeof SYMBOLS)[number]
  | 'decimal'
  | 'floating'
  | 'string'
  | 'name'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As it stands in the expression. */
  readonly text: string
  readonly position: number
}

const KEYWORD_KINDS: ReadonlyMap<string, TokenKind> = new Map(KEYWORDS.map((word) => [word, word]))

/**
 * The token at or behind `from`; throws Sql92Fault where there is none. As Apache's lexer (SelectorParser.jj)
 * takes the longest match: `05` is `0` and `5`, `0L` is `0` and the name `L`, a line comment without a line
 * end is two minus signs.
 */
export function tokenAt(text: string, from: number): Token {
  const position = skipBlanks(text, from)
  if (position >= text.length) return { kind: 'end', text: '', position: text.length }
  const token = (kind: TokenKind, end: number): Token => ({ kind, text: text.slice(position, end), position })
  const first = text.charCodeAt(position)
  if (isNameStart(first)) {
    const end = nameEnd(text, position)
    return token(KEYWORD_KINDS.get(text.slice(position, end).toUpperCase()) ?? 'name', end)
  }
  const floating = floatingEnd(text, position)
  if (floating > position) return token('floating', floating)
  if (isDigit(first)) return token('decimal', decimalEnd(text, position))
  if (first === QUOTE) return token('string', stringEnd(text, position))
  const symbol = SYMBOLS.find((each) => text.startsWith(each, position))
  if (symbol !== undefined) return token(symbol, position + symbol.length)
  throw new Sql92Fault(`unexpected character ${JSON.stringify(text.charAt(position))}`, position)
}

const QUOTE = 0x27
const MINUS = 0x2d
const SLASH = 0x2f
const STAR = 0x2a
const DOT = 0x2e

function skipBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const end = isBlank(text.charCodeAt(at)) ? at + 1 : commentEnd(text, at)
    if (end === at) return at
    at = end
  }
}

/** Behind the comment that begins at `at`, or `at` itself. */
function commentEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  if (first === MINUS && second === MINUS) {
    for (let end = at + 2; end < text.length; end++) if (isLineEnd(text.charCodeAt(end))) return end + 1
  }
  if (first === SLASH && second === STAR) {
    const close = text.indexOf('*/', at + 2)
    if (close >= 0) return close + 2
  }
  return at
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0c || isLineEnd(code)
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isNameStart(code: number): boolean {
  const letter = code | 0x20
  return (letter >= 0x61 && letter <= 0x7a && code < 0x80) || code === 0x5f || code === 0x24
}

function nameEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && (isNameStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end++
  return end
}

function digitsEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

/** `0`, or digits without a leading zero and an L behind them. */
function decimalEnd(text: string, from: number): number {
  if (text.charAt(from) === '0') return from + 1
  const end = digitsEnd(text, from)
  const suffix = text.charAt(end)
  return suffix === 'l' || suffix === 'L' ? end + 1 : end
}

/** Behind `5.5`, `5.`, `.5`, `5E10` and their like, or `from` itself. */
function floatingEnd(text: string, from: number): number {
  const whole = digitsEnd(text, from)
  if (text.charCodeAt(whole) === DOT) {
    const fraction = digitsEnd(text, whole + 1)
    // A dot alone is no number.
    if (whole === from && fraction === whole + 1) return from
    return exponentEnd(text, fraction)
  }
  if (whole === from) return from
  const end = exponentEnd(text, whole)
  return end === whole ? from : end
}

/** Behind an exponent that begins at `at`, or `at` itself. */
function exponentEnd(text: string, at: number): number {
  const letter = text.charAt(at)
  if (letter !== 'e' && letter !== 'E') return at
  const sign = text.charAt(at + 1)
  const digits = sign === '+' || sign === '-' ? at + 2 : at + 1
  const end = digitsEnd(text, digits)
  return end === digits ? at : end
}

/** Two quotes are one quote of the text; of an unclosed text as much is taken as closes. */
function stringEnd(text: string, from: number): number {
  let end = from
  let at = from + 1
  for (;;) {
    const quote = text.indexOf("'", at)
    if (quote < 0) break
    end = quote + 1
    if (text.charCodeAt(quote + 1) !== QUOTE) break
    at = quote + 2
  }
  if (end === from) throw new Sql92Fault('the text has no closing quote', from)
  return end
}

/** What a string token stands for. */
export function stringValue({ text }: Token): string {
  return text.slice(1, -1).replaceAll("''", "'")
}

import type { JavaNumber } from './expression.js'
import { parseJavaDouble } from './java-double.js'
import { parseJavaInt, parseJavaLong } from './java-number.js'

/** Shorter texts are read again as fast as they are found again. */
const KEPT_LENGTH = 64

/** Texts as numbers, the long ones read once for each evaluation: an expression may name one many times. */
export class NumberTexts {
  #kept: Record<JavaNumber['type'], Map<string, JavaNumber | undefined>> | undefined

  /** Undefined where Java throws. */
  read(type: JavaNumber['type'], text: string): JavaNumber | undefined {
    if (text.length < KEPT_LENGTH) return parsed(type, text)
    this.#kept ??= { int: new Map(), long: new Map(), double: new Map() }
    const kept = this.#kept[type]
    if (!kept.has(text)) kept.set(text, parsed(type, text))
    return kept.get(text)
  }
}

function parsed(type: JavaNumber['type'], text: string): JavaNumber | undefined {
  switch (type) {
    case 'int': {
      const value = parseJavaInt(text)
      return value === undefined ? undefined : { type, value }
    }
    case 'long': {
      const value = parseJavaLong(text)
      return value === undefined ? undefined : { type, value }
    }
    case 'double': {
      const value = parseJavaDouble(text)
      return value === undefined ? undefined : { type, value }
    }
  }
}

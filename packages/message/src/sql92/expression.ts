/** A number with Java's type: it decides how the text it is compared with is read. */
export type JavaNumber =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }

/** Null is "unknown": an absent property, and what follows from it. */
export type Value = JavaNumber | string | boolean | null

export type OrderOperator = '>' | '>=' | '<' | '<='
export type TextTest = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH'

/** One row per class of Apache's filter module (org.apache.rocketmq.filter.expression). */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  /** `index` into the names of the filter. */
  | { readonly kind: 'property'; readonly index: number }
  | { readonly kind: 'negate'; readonly operand: Expression }
  /** A property where a condition is wanted. */
  | { readonly kind: 'cast'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'equal'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'order'
      readonly operator: OrderOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'in'
      readonly operand: Expression
      readonly texts: ReadonlySet<string>
      readonly not: boolean
    }
  | {
      readonly kind: 'text'
      readonly test: TextTest
      readonly operand: Expression
      readonly search: string
      readonly not: boolean
    }

/** Whether Apache's class is a BooleanExpression. */
export function isCondition(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value === null || typeof expression.value === 'boolean'
    case 'property':
    case 'negate':
      return false
    case 'cast':
    case 'not':
    case 'and':
    case 'or':
    case 'equal':
    case 'order':
    case 'in':
    case 'text':
      return true
  }
}

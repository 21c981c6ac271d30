import { RocketMQValidationError } from './exceptions.js'

/** The part of Standard Schema (standardschema.dev, version 1) that is used: zod, valibot, arktype, … */
export interface TopicSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a producer may give, and what a handler gets. */
export type SchemaInput<S> = S extends TopicSchema<infer Input, unknown> ? Input : never
export type SchemaOutput<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown

/** Schemas by topic and tag. */
export interface TopicSchemas {
  schemaFor(topic: string, tag: string | undefined): TopicSchema | undefined
}

/**
 * Where a decorator leaves its schema. Nest copies extras with spread, which takes symbols along, and JSON
 * leaves them out, so extras stay serialisable.
 */
const SCHEMA = Symbol.for('rockhopper.nestjs.schema')

export const withSchema = (schema: TopicSchema): Record<string, never> => ({ [SCHEMA]: schema })

export const schemaOf = (extras: Readonly<Record<string | symbol, unknown>>): TopicSchema | undefined =>
  extras[SCHEMA] as TopicSchema | undefined

/** The value as the schema leaves it. @throws RocketMQValidationError */
export async function validate<Output>(
  schema: TopicSchema<unknown, Output>,
  value: unknown,
  where: string,
): Promise<Output> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  throw new RocketMQValidationError(where, result.issues.map(issueText))
}

function issueText({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((one) => String(typeof one === 'object' ? one.key : one))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}

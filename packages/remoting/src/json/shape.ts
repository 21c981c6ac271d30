import { MqError } from '@rockhopper/message'
import { asciiJsonString, jsonString } from './json-text.js'
import { type JsonObject, type JsonValue, parseLenientJson, parseLenientJsonText } from './lenient-json.js'
import { resolveRefs } from './refs.js'

/** How a body is written. The default is read by every RocketMQ peer. */
export interface JsonForm {
  /** Integer map keys without quotes, as fastjson writes them (remoting.md section 15.3). Default false. */
  readonly rawIntegerKeys?: boolean
  /**
   * Everything behind ASCII escaped and map keys sorted: the standard form of routes (section 15.2).
   * Default false.
   */
  readonly standard?: boolean
}

/**
 * One kind of JSON value: reads leniently, writes as fastjson does. Bodies are tables of shapes, from which
 * type, reader and writer come. A reader throws MqError BODY_ILLEGAL; `path` says where.
 */
export interface Shape<T> {
  read(json: JsonValue | undefined, path: string): T
  write(value: T, form: JsonForm): string
  /** The member is left out when it is undefined. */
  readonly isOptional?: boolean
}

export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly isOptional: true
}

type Members = Readonly<Record<string, Shape<unknown>>>
type ValueOf<S> = S extends Shape<infer T> ? T : never
type OptionalName<M> = { [K in keyof M]: M[K] extends { isOptional: true } ? K : never }[keyof M]

export type ObjectOf<M> = { readonly [K in Exclude<keyof M, OptionalName<M>>]: ValueOf<M[K]> } & {
  readonly [K in OptionalName<M>]?: ValueOf<M[K]>
}

/** A JSON body of the protocol. */
export interface Body<T> extends Shape<T> {
  encode(value: T, form?: JsonForm): Buffer
  /** Throws MqError BODY_ILLEGAL. */
  decode(bytes: Uint8Array | undefined): T
}

/** The type of a body or shape: `BodyOf<typeof TopicConfig>`. */
export type BodyOf<S> = ValueOf<S>

/** Unknown members are skipped; members are written in fastjson's alphabetical order. */
export function body<const M extends Members>(members: M): Body<ObjectOf<M>> {
  const shape = objectOf(members) as unknown as Shape<ObjectOf<M>>
  return {
    read: shape.read,
    write: shape.write,
    encode: (value, form = {}) => Buffer.from(shape.write(value, form), 'utf8'),
    decode: (bytes) => shape.read(parseBody(bytes), '$'),
  }
}

function objectOf(members: Members): Shape<Readonly<Record<string, unknown>>> {
  const names = Object.keys(members).sort()
  const shapes = names.map((name) => members[name] as Shape<unknown>)
  return {
    read(json, path) {
      if (!isJsonObject(json)) throw illegal(path, 'is not an object')
      const value: Record<string, unknown> = {}
      names.forEach((name, i) => {
        const member = (shapes[i] as Shape<unknown>).read(json[name], `${path}.${name}`)
        if (member !== undefined) value[name] = member
      })
      return value
    },
    write(value, form) {
      const parts: string[] = []
      names.forEach((name, i) => {
        const shape = shapes[i] as Shape<unknown>
        const member = value[name]
        if (member !== undefined) parts.push(`"${name}":${shape.write(member, form)}`)
        else if (shape.isOptional !== true)
          throw new MqError('ARGUMENT_ILLEGAL', `the member ${name} is missing`)
      })
      return `{${parts.join(',')}}`
    },
  }
}

export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return {
    isOptional: true,
    read: (json, path) => (json === undefined || json === null ? undefined : shape.read(json, path)),
    write: (value, form) => (value === undefined ? 'null' : shape.write(value, form)),
  }
}

/** Without a default the member must be there. */
export function text(missing?: string): Shape<string> {
  return {
    read(json, path) {
      if (typeof json === 'string') return json
      if (typeof json === 'number' || typeof json === 'boolean') return String(json)
      if (missing !== undefined && (json === undefined || json === null)) return missing
      throw illegal(path, 'is not a string')
    },
    write: writeString,
  }
}

/**
 * One of some names; what is not among them is read as the first, as fastjson reads an unknown enum as
 * null.
 */
export function oneOf<const N extends string>(first: N, ...others: readonly N[]): Shape<N> {
  const names = new Map([first, ...others].map((name) => [name as string, name]))
  return { read: (json) => names.get(String(json)) ?? first, write: writeString }
}

export function flag(missing = false): Shape<boolean> {
  return {
    read(json, path) {
      if (typeof json === 'boolean') return json
      if (json === undefined || json === null) return missing
      if (json === 'true' || json === 'false') return json === 'true'
      throw illegal(path, 'is not a boolean')
    },
    write: String,
  }
}

export function i32(missing = 0): Shape<number> {
  return integer(missing, -0x8000_0000, 0x7fff_ffff)
}

/** Beyond 2^53 it is clamped: such values are Java's Long.MAX_VALUE and mean "no bound". */
export function i64(missing = 0): Shape<number> {
  return integer(missing, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

function integer(missing: number, min: number, max: number): Shape<number> {
  return {
    read(json, path) {
      if (json === undefined || json === null) return missing
      const value = typeof json === 'string' && /^-?\d{1,19}$/.test(json) ? Number(json) : json
      if (typeof value !== 'number' || !Number.isInteger(value)) throw illegal(path, 'is not an integer')
      if (max === 0x7fff_ffff && (value < min || value > max)) throw illegal(path, 'is not an i32')
      return Math.min(max, Math.max(min, value)) + 0
    },
    write: String,
  }
}

/** Written with a fraction, `0.0`, as Java prints doubles. */
export function double(): Shape<number> {
  return {
    read(json, path) {
      const value = json === undefined || json === null ? 0 : typeof json === 'string' ? Number(json) : json
      if (typeof value !== 'number') throw illegal(path, 'is not a number')
      return value
    },
    write: (value) =>
      Number.isInteger(value) && Math.abs(value) < 1e15
        ? value.toFixed(1)
        : Number.isFinite(value)
          ? String(value)
          : 'null',
  }
}

/** Absent is empty. */
export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    read(json, path) {
      if (json === undefined || json === null) return []
      if (!Array.isArray(json)) throw illegal(path, 'is not an array')
      return json.map((item, i) => shape.read(item, `${path}[${i}]`))
    },
    write: (items, form) => `[${items.map((item) => shape.write(item, form)).join(',')}]`,
  }
}

/** Absent is empty. Entries with a null value are left out. */
export function mapOf<T>(shape: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return keyed<string, T>(shape, { read: (key) => key, write: writeString })
}

export function intMapOf<T>(shape: Shape<T>): Shape<ReadonlyMap<number, T>> {
  return keyed<number, T>(shape, {
    read(key, path) {
      if (!/^-?\d{1,15}$/.test(key)) throw illegal(path, 'is not an integer key')
      return Number(key)
    },
    write: (key, form) => (form.rawIntegerKeys === true && form.standard !== true ? String(key) : `"${key}"`),
  })
}

interface KeyForm<K> {
  read(key: string, path: string): K
  write(key: K, form: JsonForm): string
}

function keyed<K extends string | number, T>(shape: Shape<T>, form: KeyForm<K>): Shape<ReadonlyMap<K, T>> {
  return {
    read(json, path) {
      const map = new Map<K, T>()
      if (json === undefined || json === null) return map
      if (!isJsonObject(json)) throw illegal(path, 'is not an object')
      for (const key in json) {
        if (json[key] !== null)
          map.set(form.read(key, `${path}.${key}`), shape.read(json[key], `${path}.${key}`))
      }
      return map
    },
    write(map, jsonForm) {
      const entries = [...map]
      if (jsonForm.standard === true) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      const members = entries.map(
        ([key, value]) => `${form.write(key, jsonForm)}:${shape.write(value, jsonForm)}`,
      )
      return `{${members.join(',')}}`
    },
  }
}

/**
 * A map whose keys are objects: read raw or inside a string, written raw because the Go client wants it so.
 */
export function objectMapOf<K, T>(key: Shape<K>, value: Shape<T>): Shape<readonly (readonly [K, T])[]> {
  return {
    read(json, path) {
      if (json === undefined || json === null) return []
      if (!isJsonObject(json)) throw illegal(path, 'is not an object')
      return Object.keys(json).map((keyText) => {
        const parsed = parseLenientJsonText(keyText)
        if (!parsed.ok) throw illegal(path, 'has a key that is no object')
        return [
          key.read(parsed.value, `${path} key`),
          value.read(json[keyText], `${path}.${keyText}`),
        ] as const
      })
    },
    write(entries, form) {
      return `{${entries.map(([k, v]) => `${key.write(k, form)}:${value.write(v, form)}`).join(',')}}`
    },
  }
}

/** A part this package does not look into; kept as it came. */
export function anyJson(): Shape<JsonValue> {
  return { read: (json) => json ?? null, write: writeAny }
}

function writeAny(json: JsonValue, form: JsonForm): string {
  if (json === null || typeof json === 'boolean' || typeof json === 'number') return String(json)
  if (typeof json === 'string') return writeString(json, form)
  if (Array.isArray(json)) return `[${json.map((item) => writeAny(item, form)).join(',')}]`
  const members = Object.keys(json).map(
    (key) => `${writeString(key, form)}:${writeAny(json[key] ?? null, form)}`,
  )
  return `{${members.join(',')}}`
}

function writeString(value: string, form: JsonForm): string {
  return form.standard === true ? asciiJsonString(value) : jsonString(value)
}

function parseBody(bytes: Uint8Array | undefined): JsonValue {
  if (bytes === undefined || bytes.length === 0) throw illegal('$', 'is missing')
  const parsed = parseLenientJson(bytes)
  if (!parsed.ok) throw illegal('$', `is not JSON: ${parsed.reason}`)
  return resolveRefs(parsed.value)
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function illegal(path: string, problem: string): MqError {
  return new MqError('BODY_ILLEGAL', `the body's ${path} ${problem}`)
}

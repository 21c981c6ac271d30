import type { JsonObject, JsonValue } from './lenient-json.js'

/**
 * fastjson writes `{"$ref":"$.path"}` where one object occurs twice (remoting.md section 15.3). Replaces
 * each by what it points at, null when it points nowhere. A reference to a reference, or into itself, is
 * null: no cycle comes out.
 */
export function resolveRefs(root: JsonValue): JsonValue {
  return resolve(root, root)
}

function resolve(value: JsonValue, root: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = resolve(value[i] as JsonValue, root)
    return value
  }
  const path = refPath(value)
  if (path !== undefined) return lookUp(path, root)
  for (const key in value) value[key] = resolve(value[key] as JsonValue, root)
  return value
}

function refPath(value: JsonObject): string | undefined {
  const path = value['$ref']
  return typeof path === 'string' && Object.keys(value).length === 1 ? path : undefined
}

/** `$.consumerTable.cid` or `$.list[0]`. What it finds must not contain a reference. */
function lookUp(path: string, root: JsonValue): JsonValue {
  if (!path.startsWith('$.')) return null
  let found: JsonValue | undefined = root
  for (const step of path.slice(2).split(/[.[\]]+/)) {
    if (step === '') continue
    if (typeof found !== 'object' || found === null) return null
    found = Array.isArray(found) ? found[Number(step)] : found[step]
  }
  return found === undefined || holdsRef(found) ? null : found
}

function holdsRef(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value)
    ? value.some(holdsRef)
    : refPath(value) !== undefined || Object.values(value).some(holdsRef)
}

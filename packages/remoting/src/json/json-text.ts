// Characters fastjson 1.2.83 writes as escapes: quotes, controls, DEL to U+009F, and the two line separators.
const NEEDS_ESCAPE = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/
const SHORT = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
const EACH_ESCAPE = new RegExp(NEEDS_ESCAPE, 'g')
const NON_ASCII = /[^\u0000-\u007e]/g

/** A string as fastjson writes it: raw UTF-8, `\u001F` in upper case. */
export function jsonString(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`
  return `"${text.replace(EACH_ESCAPE, (c) => SHORT.get(c) ?? hexEscape(c))}"`
}

/**
 * The same with every character behind ASCII escaped: the standard form of routes (remoting.md section
 * 15.2).
 */
export function asciiJsonString(text: string): string {
  return jsonString(text).replace(NON_ASCII, hexEscape)
}

function hexEscape(c: string): string {
  return `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

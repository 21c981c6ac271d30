/** The directory of an absolute path. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Without `.`, `..` and empty parts, as the kernel resolves it; no links are followed: there are none. */
export function resolved(path: string): string {
  if (!/(^|\/)(\.{0,2})(\/|$)/.test(path.slice(1))) return path
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

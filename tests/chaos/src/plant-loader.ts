import { registerHooks } from 'node:module'

/** One piece of compiled source, and the bug that replaces it. */
interface Bug {
  /** End of the file's URL. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/**
 * Plants bugs into a process that is started with `--import` of this file: a check that never fails has shown
 * nothing. Fails when the text is not there exactly once, so that a planted bug cannot quietly turn into
 * none.
 */
const bugs = JSON.parse(process.env['ROCKHOPPER_PLANT'] ?? '[]') as readonly Bug[]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const own = bugs.filter(({ file }) => url.endsWith(file))
    if (own.length === 0) return loaded
    return {
      ...loaded,
      source: own.reduce((source, bug) => planted(url, source, bug), String(loaded.source)),
    }
  },
})

function planted(url: string, source: string, { find, replace }: Bug): string {
  const [before, after, ...more] = source.split(find)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${url}: cannot plant, '${find}' is there ${source.split(find).length - 1} times`)
  process.stderr.write(`planted a bug into ${url}\n`)
  return `${before}${replace}${after}`
}

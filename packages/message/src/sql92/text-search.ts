/** Product of the lengths above which the engine's own search, quadratic at worst, could take long. */
const QUADRATIC_MAX = 100_000
/** A search this short is never slow. */
const SHORT_SEARCH = 8

/** `text.includes(search)` in linear time, whatever the two are: both come from others. */
export function includesText(text: string, search: string): boolean {
  if (search.length < SHORT_SEARCH || text.length * search.length <= QUADRATIC_MAX)
    return text.includes(search)
  return search.length <= text.length && knuthMorrisPratt(text, search)
}

function knuthMorrisPratt(text: string, search: string): boolean {
  const borders = bordersOf(search)
  let matched = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    while (matched > 0 && search.charCodeAt(matched) !== code) matched = borders[matched - 1] as number
    if (search.charCodeAt(matched) === code) matched++
    if (matched === search.length) return true
  }
  return false
}

/** For each prefix the length of its longest proper prefix that also ends it. */
function bordersOf(search: string): Uint16Array {
  const borders = new Uint16Array(search.length)
  let matched = 0
  for (let at = 1; at < search.length; at++) {
    const code = search.charCodeAt(at)
    while (matched > 0 && search.charCodeAt(matched) !== code) matched = borders[matched - 1] as number
    if (search.charCodeAt(matched) === code) matched++
    borders[at] = matched
  }
  return borders
}

import { createNodeEnv } from '@rockhopper/env'
import { main } from './main.js'

/** One command line that starts no server, in this process. */
export async function said(...words: string[]) {
  let out = ''
  let err = ''
  const code = await main(words, '1.2.3', {
    env: createNodeEnv(),
    variables: {},
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    stopAsked: () => new Promise(() => {}),
    inputEnded: () => new Promise(() => {}),
  })
  return { code, out, err }
}

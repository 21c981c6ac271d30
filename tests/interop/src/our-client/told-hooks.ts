import type { ClientHook } from '@rockhopper/client'
import { emit } from './lines.js'
import { type Options, switched } from './options.js'

/** What hooks see, as lines; none unless `--hooks`. */
export const toldHooks = (options: Options): readonly ClientHook[] =>
  switched(options, 'hooks') ? [TOLD] : []

const saw = (what: string): void => emit({ event: 'hook', saw: what })

const TOLD: ClientHook = {
  beforeSend: ({ message }) => saw(`begin ${keysOf(message.keys)}`),
  afterSend: ({ message }, { result, error }) =>
    saw(`${result?.status ?? String(error)} ${keysOf(message.keys)}`),
  beforeConsume: ({ messages }) => {
    for (const { keys, reconsumeTimes } of messages) saw(`begin ${keysOf(keys)} ${reconsumeTimes}`)
  },
  afterConsume: ({ messages }, { outcome }) => {
    for (const { keys, reconsumeTimes } of messages) saw(`${outcome} ${keysOf(keys)} ${reconsumeTimes}`)
  },
}

const keysOf = (keys: string | readonly string[] = []): string => [keys].flat().join(' ')

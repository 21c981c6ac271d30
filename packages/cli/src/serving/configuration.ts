import { type BrokerConfig, type ParsedConfig, parseProperties } from '@rockhopper/broker'
import type { Env } from '@rockhopper/env'
import { isMqError } from '@rockhopper/message'
import { UsageError } from '../exit-code.js'

const FILE_SIZE_MAX = 1024 * 1024

export interface Configuration<C> {
  readonly config: Partial<C>
  /** What to tell on standard error, one line each. */
  readonly warnings: readonly string[]
}

/** `-c broker.conf`, then trailing `key=value` words; the later one wins. Named options go over both. */
export const brokerConfiguration = (
  env: Env,
  file: string | undefined,
  words: readonly string[],
): Configuration<BrokerConfig> => configurationOf(env, file, words, parseProperties)

type Parse<C> = (text: string) => ParsedConfig<C>

/** Throws UsageError for a file that is not there, an unknown key, and a value that cannot be used. */
export function configurationOf<C>(
  env: Env,
  file: string | undefined,
  words: readonly string[],
  parse: Parse<C>,
): Configuration<C> {
  const parts: Configuration<C>[] = []
  if (file !== undefined) parts.push(parsed(`in ${file}`, textOf(env, file), parse))
  if (words.length > 0) {
    parts.push(parsed('on the command line', words.map(checkedWord).join('\n'), parse))
  }
  return {
    config: Object.assign({}, ...parts.map((part) => part.config)) as Partial<C>,
    warnings: parts.flatMap((part) => part.warnings),
  }
}

function textOf(env: Env, file: string): string {
  const bytes = env.disk.readFile(file, FILE_SIZE_MAX)
  if (bytes === undefined) throw new UsageError(`There is no file '${file}'. Check the path given with -c.`)
  return bytes.toString()
}

function parsed<C>(where: string, text: string, parse: Parse<C>): Configuration<C> {
  try {
    const { config, ignored } = parse(text)
    const warnings = ignored.map(
      (key) => `${key} ${where} is a key of Apache's server that has no effect here.`,
    )
    return { config, warnings }
  } catch (error) {
    if (isMqError(error, 'CONFIG_KEY_UNKNOWN') || isMqError(error, 'CONFIG_VALUE_ILLEGAL')) {
      throw new UsageError(`Configuration ${where}: ${error.message}`, { cause: error })
    }
    throw error
  }
}

function checkedWord(word: string): string {
  if (/^[A-Za-z][A-Za-z0-9]*=/.test(word)) return word
  throw new UsageError(
    `'${word}' is not key=value. Write configuration keys like autoCreateTopicEnable=true.`,
  )
}

import { LineError, type LogLine, lineOf } from '@rockhopper/log-transport'

const TIME_AT_START =
  /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)?\s?(Z|[+-]\d\d:?\d\d)?\]?/
const LEVEL_WORD = /\b(FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\b/i

export interface TailDefaults {
  readonly service: string
  /** For a line that does not say when: when the one before it happened. Never now, which a repeat is not. */
  readonly at: number
}

/** A line of a file: JSON as loggers write it, or text that may begin with its time. */
export function tailLine(id: string, text: string, defaults: TailDefaults): LogLine {
  if (text.startsWith('{')) {
    try {
      return lineOf(id, JSON.parse(text), defaults)
    } catch (error) {
      // Not one of ours, or cut: its text is kept as it is.
      if (!(error instanceof LineError) && (error as Error).name !== 'SyntaxError') throw error
    }
  }
  const [whole = '', day = '', time = '', fraction = '', zone = 'Z'] = TIME_AT_START.exec(text) ?? []
  const said = whole === '' ? Number.NaN : Date.parse(`${day}T${time}.${fraction.padEnd(3, '0')}${zone}`)
  const level = LEVEL_WORD.exec(text.slice(0, 200))?.[1]
  return lineOf(
    id,
    { time: Number.isNaN(said) ? defaults.at : said, level, message: text.slice(whole.length).trim() },
    defaults,
  )
}

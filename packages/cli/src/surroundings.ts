import type { Env } from '@rockhopper/env'

/** What a command gets of the process it runs in; a test gives its own. */
export interface Surroundings {
  readonly env: Env
  /** Variables of the process: NAMESRV_ADDR, as mqadmin and mqbroker read it. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Standard output: results and the ready line, nothing else. */
  readonly out: (text: string) => void
  /** Standard error: logs, warnings, errors. */
  readonly err: (text: string) => void
  /** From now on SIGTERM and SIGINT no longer end the process; resolves at the first with its name. */
  readonly stopAsked: () => Promise<string>
  /** Resolves when standard input ended; asked for by one hidden option only. */
  readonly inputEnded: () => Promise<string>
  /** Standard error is read by a person: a line may be drawn over. */
  readonly errIsTerminal?: boolean
  /** Resolves when standard output took what was written: false when its reader went away. */
  readonly outTaken?: () => Promise<boolean>
}

import { parseDelayLevels } from '../delay-level.js'
import { emptyProperties, scanProperties } from '../property-scan.js'
import { segmentName } from '../segment-name.js'
import { STORE_CONFIG_DEFAULTS } from '../store-config.js'
import { type Finding, type FindingCode, Findings } from './finding.js'
import { type SurveyEnd, surveyLog } from './log-survey.js'
import type { StoreDirectory, Unloadable } from './store-directory.js'
import { IndexVerifier } from './verify-index.js'
import { QueueVerifier } from './verify-queues.js'

export interface VerifyOptions {
  /** Findings of one code that are kept whole. Default 100. */
  readonly limit?: number
  /** Of the broker, for due times in SCHEDULE_TOPIC_XXXX. Default: Apache's. */
  readonly messageDelayLevel?: string
  /** Bytes of the log read, and how many there may be. */
  progress?(done: number, total: number): void
}

export interface Verified {
  readonly findings: readonly Finding[]
  readonly counts: Readonly<Partial<Record<FindingCode, number>>>
  /** Findings that the next start does not put right. */
  readonly errorCount: number
  readonly recordCount: number
  /** Physical offsets of the first record and behind the last one. */
  readonly from: number
  readonly end: number
}

const UNREADABLE: Record<Unloadable['part'], FindingCode> = {
  commitlog: 'LOG_UNREADABLE',
  consumequeue: 'QUEUE_UNREADABLE',
  index: 'INDEX_UNREADABLE',
}

/** Checks every record, every queue entry, every index entry and the checkpoint against each other. */
export async function verifyStore(directory: StoreDirectory, options: VerifyOptions = {}): Promise<Verified> {
  const findings = new Findings(options.limit ?? 100)
  const { segments, queues, unloadable } = directory
  for (const { part, error } of unloadable) findings.add(UNREADABLE[part], part, error.message)
  for (const { topic, queueId } of queues.damaged) {
    findings.add('QUEUE_UNREADABLE', `consumequeue/${topic}/${queueId}`, 'a file is missing or not full')
  }
  const levels = parseDelayLevels(options.messageDelayLevel ?? STORE_CONFIG_DEFAULTS.messageDelayLevel)
  const loaded = (part: Unloadable['part']) => !unloadable.some((one) => one.part === part)
  const queueVerifier = new QueueVerifier(directory, findings, levels)
  const indexVerifier = new IndexVerifier(directory, findings)
  const properties = emptyProperties()
  let recordCount = 0
  let lastTimestamp = 0
  const survey = await surveyLog(segments, {
    from: segments.first,
    to: segments.end,
    isIntact: directory.ours.isIntact,
    visit(bytes, record) {
      recordCount++
      scanProperties(bytes, record.propertiesAt, record.propertiesAt + record.propertiesSize, properties)
      if (loaded('consumequeue')) queueVerifier.record(bytes, record, properties)
      if (loaded('index')) indexVerifier.record(bytes, record, properties)
      if (record.storeTimestamp < lastTimestamp) {
        const what = `store time ${record.storeTimestamp}, the record before it has ${lastTimestamp}`
        findings.add('LOG_TIME_FALLS', logPlace(directory, record.physicalOffset), what)
      }
      lastTimestamp = record.storeTimestamp
    },
    bad({ from, to, why }) {
      findings.add('LOG_DAMAGED', logPlace(directory, from), `${to - from} bytes: ${why}`)
    },
    progress(offset) {
      options.progress?.(offset - segments.first, segments.end - segments.first)
      return true
    },
  })
  for (const { offset, length } of directory.ours.quarantined) {
    findings.add('LOG_QUARANTINED', logPlace(directory, offset), `${length} bytes, found by a broker before`)
  }
  checkEnd(directory, findings, survey)
  if (loaded('consumequeue')) await queueVerifier.finish(survey.end)
  if (loaded('index')) await indexVerifier.finish()
  if (loaded('commitlog')) checkCheckpoint(directory, findings, survey)
  const { kept, counts, errorCount } = findings
  return { findings: kept, counts, errorCount, recordCount, from: segments.first, end: survey.end }
}

function checkEnd(directory: StoreDirectory, findings: Findings, { end, reason, why }: SurveyEnd): void {
  const { confirmPhyOffset } = directory.checkpoint.times
  const synced = directory.ours.state?.synced ?? 0
  const known = Math.max(
    confirmPhyOffset,
    synced,
    directory.files.abortText !== undefined ? 0 : directory.queues.maxPhysicalEnd,
  )
  const place = logPlace(directory, end)
  if (end < known) findings.add('LOG_DAMAGED', place, `${why}; ${known} was durable`)
  else if (reason === 'torn') findings.add('LOG_TORN_END', place, why)
}

function checkCheckpoint(directory: StoreDirectory, findings: Findings, survey: SurveyEnd): void {
  const { checkpoint, disk, files } = directory
  if (!disk.exists(files.checkpoint)) {
    findings.add('CHECKPOINT_MISSING', 'checkpoint', 'no such file')
    return
  }
  const { times } = checkpoint
  for (const name of ['physicMsgTimestamp', 'logicsMsgTimestamp', 'indexMsgTimestamp'] as const) {
    if (survey.lastStoreTimestamp === 0 || times[name] <= survey.lastStoreTimestamp) continue
    const what = `${name} is ${times[name]}, the last record was stored at ${survey.lastStoreTimestamp}`
    findings.add('CHECKPOINT_AHEAD', 'checkpoint', what)
  }
}

/** A physical offset as file and byte, for a hex editor. */
export function logPlace(
  { segments, sizes }: Pick<StoreDirectory, 'segments' | 'sizes'>,
  offset: number,
): string {
  const start = segments.startOf(offset)
  const file = `commitlog/${segmentName(start)}`
  return `${file}, byte ${offset % sizes.mappedFileSizeCommitLog} (offset ${offset})`
}

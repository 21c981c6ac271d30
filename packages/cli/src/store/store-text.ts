import type { StoreSizes, StoreSummary, Verified } from '@rockhopper/store/inspect'
import { timeText } from '../admin/admin-command.js'
import { textTable } from '../text-table.js'
import { sizeText } from './progress-bar.js'

const DEFAULT_SIZES: StoreSizes = {
  mappedFileSizeCommitLog: 1_073_741_824,
  mappedFileSizeConsumeQueue: 6_000_000,
  maxHashSlotNum: 5_000_000,
  maxIndexNum: 20_000_000,
}

const ENDS = {
  unwritten: 'space never written',
  torn: 'bytes that are no record: the next start cuts them off',
  limit: 'the end of the last file',
  stopped: 'not read to its end',
}

/** `rockhopper store info` for people. `user`: who has the store open. */
export function summaryText(summary: StoreSummary, user: string | undefined): string {
  const { log, checkpoint, sizes } = summary
  const lines: [name: string, value: string][] = [
    ['directory', summary.directory],
    [
      'written by',
      summary.writtenBy === 'rockhopper' ? 'Rockhopper' : 'Apache RocketMQ (there is no rockhopper/)',
    ],
    ['in use', user === undefined ? 'no' : `by ${user}: what it writes now may be seen half done`],
    ['last exit', exitText(summary, user)],
    ['commit log', `${log.fileCount} files of ${sizeText(sizes.mappedFileSizeCommitLog)}`],
    ['  offsets', `${log.minOffset} to ${log.maxOffset} (${sizeText(log.maxOffset - log.minOffset)})`],
    ['  stored', `${timeText(log.firstStoreTimestamp) || '-'} to ${timeText(log.lastStoreTimestamp) || '-'}`],
    ['  behind the end', ENDS[log.endsWith]],
    ['not synced', summary.unsyncedSize === 0 ? 'nothing' : `at most ${sizeText(summary.unsyncedSize)}`],
    ['checkpoint log', checkpointText(checkpoint.physicMsgTimestamp)],
    ['checkpoint queues', checkpointText(checkpoint.logicsMsgTimestamp)],
    ['checkpoint index', checkpointText(checkpoint.indexMsgTimestamp)],
    [
      'checkpoint offsets',
      `confirmed ${checkpoint.confirmPhyOffset}, master ${checkpoint.masterFlushedOffset}`,
    ],
    ...(Object.keys(DEFAULT_SIZES) as (keyof StoreSizes)[]).map((key): [string, string] => [
      key,
      sizes[key] === DEFAULT_SIZES[key] ? `${sizes[key]} (default)` : `${sizes[key]} (say so in broker.conf)`,
    ]),
    ...summary.problems.map((problem): [string, string] => ['PROBLEM', problem]),
  ]
  const head = lines.map(([name, value]) => `${name.padEnd(27)} ${value}\n`).join('')
  return [head, queuesText(summary), indexText(summary), configText(summary)]
    .filter((part) => part !== '')
    .join('\n')
}

function exitText({ aborted, abortText }: StoreSummary, user: string | undefined): string {
  if (!aborted) return 'clean'
  const pid = abortText === undefined || abortText === '' ? '' : `, process ${abortText}`
  return user === undefined ? `not clean${pid}: the next start recovers` : `still running${pid}`
}

function checkpointText(timestamp: number): string {
  return timeText(timestamp) || 'never'
}

function queuesText({ queues }: StoreSummary): string {
  if (queues.length === 0) return ''
  return textTable(
    ['Topic', 'Queue', 'Min Offset', 'Max Offset', 'Messages', 'Log Offset'],
    queues.map(({ topic, queueId, minOffset, maxOffset, lastPhysicalEnd }) => [
      topic,
      queueId,
      minOffset,
      maxOffset,
      maxOffset - minOffset,
      lastPhysicalEnd,
    ]),
  )
}

function indexText({ index }: StoreSummary): string {
  if (index.length === 0) return ''
  return textTable(
    ['Index File', 'Entries', 'Of', 'First', 'Last'],
    index.map(({ name, entryCount, entryCountMax, beginTimestamp, endTimestamp }) => [
      name,
      entryCount,
      entryCountMax,
      timeText(beginTimestamp),
      timeText(endTimestamp),
    ]),
  )
}

function configText({ config }: StoreSummary): string {
  if (config.length === 0) return ''
  return textTable(
    ['Config File', 'Bytes', 'Written'],
    config.map(({ name, size, mtimeMs }) => [name, size, timeText(mtimeMs)]),
  )
}

/** `rockhopper store verify` for people. */
export function verifiedText({ findings, counts, errorCount, recordCount, from, end }: Verified): string {
  const lines = findings.map(({ severity, code, place, what, next }) => {
    return `${severity === 'error' ? 'ERROR' : 'note '} ${code} at ${place}\n      ${what}\n      ${next}\n`
  })
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const hidden = total - findings.length
  const more = hidden > 0 ? `${hidden} more findings like these: see all with --limit ${total}\n` : ''
  const verdict = errorCount === 0 ? 'no errors' : `${errorCount} errors`
  return `${lines.join('')}${more}${recordCount} records from ${from} to ${end}: ${verdict}\n`
}

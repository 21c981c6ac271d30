import { decodeRecord, type MessageExt, Property, SysFlag, SystemTopic } from '@rockhopper/message'
import { ok, type Reply, type RequestHeader, ResponseCode, refuse } from '@rockhopper/remoting'
import { flushMode, writeMessage } from '../message-writer.js'
import type { Refusal } from '../send-checks.js'
import type { Decision } from './half-decisions.js'
import { committedMessage, realTarget } from './half-message.js'
import type { TransactionParts } from './transaction-parts.js'
import { wasCommitted } from './was-committed.js'

type EndHeader = RequestHeader<'END_TRANSACTION'>
type EndReply = Reply<'END_TRANSACTION'>

/**
 * Code 37: a producer commits or rolls back (Apache: EndTransactionProcessor; remoting.md section 22.2).
 * Official producers send it one-way and read no answer. Beyond Apache: the first decision wins, and the
 * answer to a commit comes when the message is kept.
 */
export async function endTransaction(parts: TransactionParts, header: EndHeader): Promise<EndReply> {
  const { commitOrRollback, tranStateTableOffset, commitLogOffset } = header
  if (parts.config.brokerRole === 'SLAVE') {
    return refuse(ResponseCode.SLAVE_NOT_AVAILABLE, 'a slave ends no transactions')
  }
  const isCommit = commitOrRollback === SysFlag.TRANSACTION_COMMIT
  if (!isCommit && commitOrRollback !== SysFlag.TRANSACTION_ROLLBACK)
    return ok({}, undefined, 'still unknown')
  const record = commitLogOffset < 0 ? undefined : await parts.store.lookMessageByOffset(commitLogOffset)
  const decoded = record && decodeRecord(record, 0)
  if (!decoded?.ok) return wrong('Find prepared transaction message failed')
  const half = decoded.value
  const refusal = refuseEnd(parts, header, half)
  if (refusal !== undefined) return refuse(refusal.code, refusal.remark)
  if (half.storeTimestamp < parts.startedAt && (await wasCommitted(parts.store, half))) return settled()
  await parts.decisions.settledPlace(tranStateTableOffset)
  const decision = parts.decisions.begin(tranStateTableOffset)
  if (decision === undefined) return settled()
  return isCommit ? commit(parts, half, decision) : rollback(parts, half, decision)
}

async function commit(parts: TransactionParts, half: MessageExt, decision: Decision): Promise<EndReply> {
  const target = realTarget(half)
  if (target === undefined) {
    decision.giveUp()
    return wrong('the half message does not say where it goes')
  }
  const halfPhysicalOffset = decision.place?.physicalOffset ?? half.physicalOffset
  const message = { ...committedMessage(half, target, halfPhysicalOffset), storeHost: parts.storeHost }
  const written = await writeMessage(parts, message, flushMode(parts))
  if (!('placed' in written)) {
    decision.giveUp()
    return refuse(written.code, written.remark)
  }
  decision.done()
  parts.metrics.add(target.topic, -1)
  return ok()
}

function rollback(parts: TransactionParts, half: MessageExt, decision: Decision): EndReply {
  // Refused while the broker stops: the decision could not be written any more.
  const closed = parts.writeGate.refusal()
  if (closed !== undefined) {
    decision.giveUp()
    return refuse(ResponseCode.SERVICE_NOT_AVAILABLE, closed)
  }
  decision.done()
  parts.metrics.add(half.properties[Property.REAL_TOPIC] ?? '', -1)
  return ok()
}

function refuseEnd(parts: TransactionParts, header: EndHeader, half: MessageExt): Refusal | undefined {
  const system = (remark: string) => ({ code: ResponseCode.SYSTEM_ERROR, remark })
  if (half.topic !== SystemTopic.TRANS_HALF) return system('Find prepared transaction message failed')
  if (isTooLate(parts, header, half)) {
    const remark = 'the end of the transaction comes after CHECK_IMMUNITY_TIME_IN_SECONDS; wait for the check'
    return { code: ResponseCode.ILLEGAL_OPERATION, remark }
  }
  if (half.properties[Property.PGROUP] !== header.producerGroup) return system('The producer group wrong')
  if (half.queueOffset !== header.tranStateTableOffset) {
    return system('The transaction state table offset wrong')
  }
  if (half.physicalOffset !== header.commitLogOffset) return system('The commit log offset wrong')
  return undefined
}

/** Apache: EndTransactionProcessor.rejectCommitOrRollback. */
function isTooLate({ clock, config }: TransactionParts, header: EndHeader, half: MessageExt): boolean {
  const text = half.properties[Property.CHECK_IMMUNITY_TIME_IN_SECONDS]
  if (header.fromTransactionCheck === true || text === undefined || text === '') return false
  const immunity = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : 0
  return clock.now() - half.bornTimestamp > Math.max(immunity, config.transactionTimeOut)
}

const wrong = (remark: string) => refuse(ResponseCode.SYSTEM_ERROR, remark)
const settled = () =>
  wrong('the transaction is settled or asked about again: the first decision stands, a check asks otherwise')

import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm'

/** PostgreSQL's driver gives bigint as text; ours are safe integers. */
const safeInteger: ValueTransformer = { to: (value: number) => value, from: (value) => Number(value) }
const INTEGER = { type: 'bigint', transformer: safeInteger } as const

/** How far a queue was counted: changed in the transaction that changes the panes, and only by its owner. */
@Entity('counted_queues')
export class QueueRow {
  @PrimaryColumn({ type: 'varchar', length: 200 })
  queue: string

  /** The instance that counts it: every other one is refused. Changes when another one takes over. */
  @Column({ type: 'varchar', length: 40, default: '' })
  owner: string

  /** Offset of the first message that is not counted. */
  @Column(INTEGER)
  nextOffset: number

  /** The latest event that was counted, ms since 1970. */
  @Column(INTEGER)
  latestAt: number

  /** When something was counted last, ms since 1970 by the clock of the analytics. */
  @Column(INTEGER)
  countedAt: number

  @Column(INTEGER)
  lines: number

  /** Events that came after their window and its allowed lateness: counted here, and nowhere else. */
  @Column(INTEGER)
  late: number

  /** Lines that came before: dropped by their ids. */
  @Column(INTEGER)
  repeated: number
}

/** What one queue has of one span of time. Panes of all queues added are the window. */
@Entity('panes')
export class PaneRow {
  /** Ms since 1970. */
  @PrimaryColumn(INTEGER)
  start: number

  @PrimaryColumn({ type: 'varchar', length: 200 })
  queue: string

  @Column(INTEGER)
  lines: number

  /** A `Pane` as JSON. */
  @Column({ type: 'text' })
  pane: string
}

/** A window that was closed; late events make a further version of it. */
@Entity('windows')
export class WindowRow {
  @PrimaryColumn(INTEGER)
  start: number

  @PrimaryColumn({ type: 'integer' })
  version: number

  @Column(INTEGER)
  lines: number

  @Column(INTEGER)
  closedAt: number

  /** `PaneFigures` as JSON. */
  @Column({ type: 'text' })
  figures: string
}

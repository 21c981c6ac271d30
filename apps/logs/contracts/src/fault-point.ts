import { defineFaultPoints } from '@rockhopper/service'

export const FAULT_POINTS = [
  'collector.between-messages',
  'collector.after-ack-before-answer',
  'collector.after-ack-before-position',
  'storage.after-write-before-rename',
  'storage.after-rename-before-commit',
  'storage.after-bulk-before-commit',
  'analytics.after-update-before-commit',
  'analytics.after-commit-before-ack',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

export const { pass: faultPoint } = defineFaultPoints(FAULT_POINTS)

import { defineFaultPoints } from '@rockhopper/service'

export const FAULT_POINTS = [
  'api.before-send',
  'api.after-send-before-answer',
  'worker.before-commit',
  'worker.after-commit-before-ack',
  'worker.after-publish-before-mark',
  'notifier.after-send-before-commit',
  'notifier.after-commit-before-ack',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

export const { pass: faultPoint } = defineFaultPoints(FAULT_POINTS)

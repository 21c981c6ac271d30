import { defineFaultPoints } from '@rockhopper/service'

export const FAULT_POINTS = [
  'order.after-commit-before-publish',
  'order.after-publish-before-mark',
  'order.after-effect-before-ack',
  // With ORDER_PUBLISH=transaction only.
  'order.after-half-before-work',
  'order.after-commit-before-end',
  'inventory.after-effect-before-ack',
  'inventory.after-publish-before-mark',
  'payment.after-provider-before-commit',
  'payment.after-effect-before-ack',
  'payment.after-publish-before-mark',
  'notification.after-sending-before-smtp',
  'notification.after-smtp-before-commit',
  'notification.after-effect-before-ack',
  'user.after-commit-before-publish',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

export const { pass: faultPoint } = defineFaultPoints(FAULT_POINTS)

/** Places where a crash hurts most. Tests kill a service exactly there; in normal runs they do nothing. */
export const FAULT_POINTS = [
  'order.after-commit-before-publish',
  'order.after-publish-before-mark',
  'order.after-effect-before-ack',
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

const passes = new Map<string, number>()

/**
 * Ends this process with SIGKILL when the variable ROCKHOPPER_FAULT names this point: `name` at its first
 * pass, `name:3` at its third.
 */
export function faultPoint(name: FaultPoint): void {
  const wanted = process.env['ROCKHOPPER_FAULT']
  if (wanted === undefined || wanted === '') return
  const [point, at = '1'] = wanted.split(':')
  if (point !== name) return
  const pass = (passes.get(name) ?? 0) + 1
  passes.set(name, pass)
  if (pass === Number(at)) process.kill(process.pid, 'SIGKILL')
}

/**
 * @throws RangeError when ROCKHOPPER_FAULT is set to something that is no fault point: it would test nothing.
 */
export function checkFaultSetting(): void {
  const wanted = process.env['ROCKHOPPER_FAULT']
  if (wanted === undefined || wanted === '') return
  const [point, at = '1'] = wanted.split(':')
  if (FAULT_POINTS.some((known) => known === point) && /^[1-9]\d*$/.test(at)) return
  throw new RangeError(`ROCKHOPPER_FAULT=${wanted}: want one of ${FAULT_POINTS.join(', ')}, or NAME:COUNT`)
}

/** Places where a crash hurts most. Tests kill a service exactly there; in normal runs they do nothing. */
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

const passes = new Map<string, number>()

/**
 * Ends this process with SIGKILL when the variable ROCKHOPPER_FAULT names this point: `name` at its first
 * pass, `name:3` at its third.
 */
export function faultPoint(name: FaultPoint): void {
  const [point, at] = wanted()
  if (point !== name) return
  const pass = (passes.get(name) ?? 0) + 1
  passes.set(name, pass)
  if (pass === Number(at)) process.kill(process.pid, 'SIGKILL')
}

/**
 * @throws RangeError when ROCKHOPPER_FAULT is set to something that is no fault point: it would test
 * nothing.
 */
export function checkFaultSetting(): void {
  const [point, at] = wanted()
  if (point === '' || (FAULT_POINTS.some((known) => known === point) && /^[1-9]\d*$/.test(at))) return
  throw new RangeError(`ROCKHOPPER_FAULT: want one of ${FAULT_POINTS.join(', ')}, or NAME:COUNT`)
}

function wanted(): readonly [point: string, at: string] {
  const [point = '', at = '1'] = (process.env['ROCKHOPPER_FAULT'] ?? '').split(':')
  return [point, at]
}

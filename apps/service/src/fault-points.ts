const passes = new Map<string, number>()

/** Places where a crash hurts most. Tests kill a service exactly there; in normal runs they do nothing. */
export interface FaultPoints<Name extends string> {
  readonly names: readonly Name[]
  /**
   * Ends this process with SIGKILL when the variable ROCKHOPPER_FAULT names this point: `name` at its first
   * pass, `name:3` at its third.
   */
  readonly pass: (name: Name) => void
}

export function defineFaultPoints<const Name extends string>(names: readonly Name[]): FaultPoints<Name> {
  return { names, pass }
}

function pass(name: string): void {
  const [point, at] = wanted()
  if (point !== name) return
  const count = (passes.get(name) ?? 0) + 1
  passes.set(name, count)
  if (count === Number(at)) process.kill(process.pid, 'SIGKILL')
}

/** @throws RangeError when ROCKHOPPER_FAULT names no fault point: it would test nothing. */
export function checkFaultSetting(names: readonly string[]): void {
  const [point, at] = wanted()
  if (point === '' || (names.includes(point) && /^[1-9]\d*$/.test(at))) return
  throw new RangeError(`ROCKHOPPER_FAULT=${point}:${at}: want one of ${names.join(', ')}, or NAME:COUNT`)
}

function wanted(): readonly [point: string, at: string] {
  const [point = '', at = '1'] = (process.env['ROCKHOPPER_FAULT'] ?? '').split(':')
  return [point, at]
}

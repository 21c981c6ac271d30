/**
 * Calls `run` when the process that started this one is gone, also when it went before anybody could hear of
 * it. Never where it was started without a channel.
 */
export function whenParentEnds(run: () => void): void {
  if (process.send !== undefined && !process.connected) run()
  else process.once('disconnect', run)
}

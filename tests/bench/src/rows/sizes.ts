/** How much of everything: `quick` shows that each row works, `full` is what is published. */
export interface Sizes {
  readonly rounds: number
  readonly measureMs: number
  readonly warmUpMs: number
  /** Before what is compared with the same broker later: then it is warm both times. */
  readonly steadyMs: number
  /** Messages of a backlog that is pulled. */
  readonly backlog: number
  /** Messages after which memory is compared. */
  readonly stored: number
  /** Of a store that grew. */
  readonly grownGb: number
  readonly connections: number
  readonly topics: readonly number[]
  /** That are delivered, one by one. */
  readonly messages: number
}

export const QUICK: Sizes = {
  rounds: 1,
  measureMs: 1_000,
  warmUpMs: 300,
  steadyMs: 1_000,
  backlog: 40_000,
  stored: 40_000,
  grownGb: 0.2,
  connections: 500,
  topics: [1, 100],
  messages: 400,
}

export const FULL: Sizes = {
  rounds: 3,
  measureMs: 3_000,
  warmUpMs: 3_000,
  steadyMs: 30_000,
  backlog: 500_000,
  stored: 1_000_000,
  grownGb: 20,
  connections: 10_000,
  topics: [1, 100, 10_000],
  messages: 2_000,
}

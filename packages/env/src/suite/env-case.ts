import type { Env } from '../env.js'

/** One property of the `Env` contract. Throws (node:assert) when an implementation breaks it. */
export interface EnvCase {
  readonly name: string
  /** `directory` is empty, exists, and belongs to the case. */
  run(env: Env, directory: string): Promise<void>
}

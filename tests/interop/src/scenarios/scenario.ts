import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Cell, FeatureId, Side } from '../matrix/features.js'

/** One run of a feature with certain clients. It does not know whose the servers are. */
export interface Scenario {
  readonly name: string
  /** Rows of docs/compatibility.md that it shows; none for what belongs to no feature. */
  readonly features: readonly FeatureId[]
  /** Whose clients take part. */
  readonly sides: readonly Side[]
  /** Where it is also part of the short size. Default: wherever one side is ours. */
  readonly short?: readonly Cell[]
  run(cluster: Cluster): Promise<unknown>
}

export const sideOf = ({ name }: Pick<ClientProgram, 'name'>): Side =>
  name === 'Rockhopper' ? 'ours' : 'official'

/** Apache with Apache is the reference, which the long size and the matrix run. */
export const WITH_OURS: readonly Cell[] = ['ours/ours', 'official/ours', 'ours/apache']
/** The cells that compare the two. */
export const CROSSED: readonly Cell[] = ['official/ours', 'ours/apache']

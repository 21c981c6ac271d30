import type { Name, SeckillRun } from './seckill-run.fixture.js'

export const CAMPAIGN = 'launch'

export interface Decided {
  readonly ticket: string
  readonly userId: string
  readonly itemId: string
  readonly outcome: string
  readonly queue: string
  readonly queueOffset: number
}

export interface CampaignView {
  readonly items: readonly {
    readonly itemId: string
    readonly stock: number
    readonly remaining: number
    readonly released: number
  }[]
  readonly outcomes: Readonly<Record<string, number>>
}

export async function openCampaign(
  run: SeckillRun,
  items: readonly string[],
  stock: number,
  campaignId = CAMPAIGN,
): Promise<void> {
  await post(run, 'worker-1', 'campaigns', { campaignId, items: items.map((itemId) => ({ itemId, stock })) })
}

export const campaignOf = (run: SeckillRun) => read<CampaignView>(run, 'worker-1', `campaigns/${CAMPAIGN}`)

/** All of them: much, where there are many. Who only wants to know how many asks for the campaign. */
export const decisionsOf = (run: SeckillRun) =>
  read<Decided[]>(run, 'worker-1', `campaigns/${CAMPAIGN}/tickets`)

export const decidedIn = ({ outcomes }: CampaignView): number =>
  Object.values(outcomes).reduce((sum, count) => sum + count, 0)

export async function read<Body>(run: SeckillRun, name: Name, path: string): Promise<Body> {
  const response = await fetch(`${run.url(name)}/${path}`)
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`)
  return (await response.json()) as Body
}

/** Rejects unless the answer is a success. */
export async function post<Body>(run: SeckillRun, name: Name, path: string, body: object): Promise<Body> {
  const response = await fetch(`${run.url(name)}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}

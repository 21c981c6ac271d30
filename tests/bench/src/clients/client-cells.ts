/** What a client does, in words that name a cell. */
export const ACTIONS = ['sends, 64 in flight', 'drains a backlog'] as const
export type Action = (typeof ACTIONS)[number]

export const clientCell = (client: string, action: Action): string => `${client} ${action}`

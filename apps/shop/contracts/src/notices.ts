/** About so many orders customers are told at the same time; a kill in the middle repeats at most these. */
export const NOTICES_AT_ONCE = 20

import { type Clock, createNodeEnv } from '@rockhopper/env'

/** This machine's clock. */
export const systemClock = (): Clock => createNodeEnv().clock

import { agentCodes } from './codes/agent.ts'
import { authorCodes } from './codes/author.ts'
import { authorLateCodes } from './codes/author-late.ts'
import { infrastructureCodes } from './codes/infrastructure.ts'

export type { Entry } from './codes/entry.ts'

/** The one table of codes. A code stands in the file of whose fault it is. */
export const codes = { ...agentCodes, ...authorCodes, ...authorLateCodes, ...infrastructureCodes } as const

export type Code = keyof typeof codes

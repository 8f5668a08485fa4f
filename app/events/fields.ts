import { z } from 'zod'
import type { Repo, Sender } from './intent.ts'

/** Parts that many payloads have. Only what is used is asked for: the newest fields are missing on older servers. */
export const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
export const id = z.number().int().positive()
const account = z.object({ login: z.string().min(1), id, type: z.string().optional() })
const repository = z.object({
  id,
  name: z.string().min(1),
  owner: z.object({ login: z.string().min(1) }),
  private: z.boolean(),
  default_branch: z.string().min(1).optional(),
})

export const withRepo = z.object({ repository, installation: z.object({ id }), sender: account })
export type WithRepo = z.infer<typeof withRepo>

export const repoOf = ({ repository: { id, name, owner, private: isPrivate, default_branch }, installation }: WithRepo): Repo => ({
  id,
  owner: owner.login,
  name,
  private: isPrivate,
  installation: installation.id,
  ...(default_branch === undefined ? {} : { defaultBranch: default_branch }),
})

/** Some events have seconds since 1970, others a text. What is neither is not known. */
export const time = z
  .union([
    z.number().transform((seconds) => new Date(seconds * 1000)),
    z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  ])
  .optional()
  .catch(undefined)

export const user = account
/** GitHub marks Apps as bots; some write their comments as users whose names end so. */
export const senderOf = ({ login, id, type }: z.infer<typeof account>): Sender => ({
  login,
  id,
  isBot: type === 'Bot' || login.endsWith('[bot]'),
})

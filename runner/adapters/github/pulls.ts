import { type GitHub, ownerAndName } from './client.ts'

/** A pull request as it is at this moment. `headRepo` undefined: its repository is gone. */
export type Pull = {
  readonly number: number
  readonly isOpen: boolean
  readonly isDraft: boolean
  readonly head: string
  readonly headRef: string
  readonly headRepo: number | undefined
  readonly base: string
  readonly baseRef: string
  readonly author: { readonly login: string; readonly id: number }
  readonly labels: readonly string[]
  /** Later states of it have later ones, or the same second. */
  readonly updatedAt: Date
}

export async function pullOf(github: GitHub, repo: string, number: number): Promise<Pull> {
  const { data } = await github.api.rest.pulls.get({ ...ownerAndName(repo), pull_number: number })
  return {
    number,
    isOpen: data.state === 'open',
    isDraft: data.draft ?? false,
    head: data.head.sha,
    headRef: data.head.ref,
    headRepo: data.head.repo?.id,
    base: data.base.sha,
    baseRef: data.base.ref,
    author: { login: data.user?.login ?? 'ghost', id: data.user?.id ?? 0 },
    labels: data.labels.flatMap(({ name }) => name ?? []),
    updatedAt: new Date(data.updated_at),
  }
}

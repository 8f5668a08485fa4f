import type { GitHub } from './client.ts'

/** A repository that a token of an installation opens. */
export type Reachable = {
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly private: boolean
  readonly defaultBranch: string
}

/** All repositories of an installation, by one of its own tokens. */
export async function repositoriesOf(github: GitHub): Promise<readonly Reachable[]> {
  const all = await github.api.paginate(github.api.rest.apps.listReposAccessibleToInstallation, { per_page: 100 })
  return all.map(({ id, owner, name, private: isPrivate, default_branch: defaultBranch }) => ({
    ...{ id, owner: owner.login, name, defaultBranch },
    private: isPrivate,
  }))
}

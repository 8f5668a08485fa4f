/** Names to values. Throws `agent_secret_unresolved` naming every missing one. Values never leave memory, but into the sandbox that was granted them. */
export interface Credentials {
  resolve(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** The token that `proctor credentials set --git` stored for a repository. Throws `agent_secret_unresolved`. */
  storedToken(url: string): Promise<string>
}

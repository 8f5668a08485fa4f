import { masterKeyIn } from './serve/master-key.ts'
import { readSettings, type Variables } from './settings.ts'
import { openStore, type Store } from './store/open.ts'

/**
 * The store of the server on this machine, for whoever runs it. Throws `database_in_use` while `proctor serve` has the embedded one.
 */
export async function openOperatorStore(variables: Variables): Promise<Store> {
  const { data: folder, databaseUrl, masterKey: given } = readSettings(variables)
  const masterKey = given ?? (databaseUrl === undefined ? await masterKeyIn(folder) : undefined)
  return openStore({ folder, ...(databaseUrl !== undefined && { databaseUrl }), ...(masterKey !== undefined && { masterKey }) })
}

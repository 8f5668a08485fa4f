import { idOf } from './events.ts'
import { installationBody } from './shim/apps.ts'
import type { App } from './who.ts'
import type { Json, World } from './world.ts'

/** An organisation lets the app in, or shuts it out. */
export function openInstallations(world: World, app: App) {
  const place = (owner: string) => {
    const found = world.apps.find((one) => one.app.id === app.id)?.installations.find((one) => one.owner === owner)
    if (!found) throw new Error(`${app.slug} was not installed at ${owner} when the hub was opened`)
    return found
  }
  const repositories = (owner: string): readonly Json[] =>
    [...world.known.values()]
      .filter(({ name }) => name.startsWith(`${owner}/`))
      .map(({ name, isPrivate }) => ({
        id: idOf(name),
        node_id: `R_${idOf(name)}`,
        name: name.split('/')[1],
        full_name: name,
        private: isPrivate,
      }))

  function told(action: string, owner: string, sender: string): void {
    const installation = installationBody(app, place(owner), world)
    const body = { installation, repositories: repositories(owner) }
    world.tell({ event: 'installation', action, owner, sender, body })
  }
  return {
    /** The app comes to an organisation that it was made for. */
    install(owner: string, sender = 'octocat'): void {
      world.absent.delete(place(owner).id)
      told('created', owner, sender)
    },
    /** It is there no longer: its tokens are refused, and none are made. */
    uninstall(owner: string, sender = 'octocat'): void {
      world.absent.add(place(owner).id)
      world.directory.drop((who) => who.kind === 'installation' && who.installation === place(owner).id)
      told('deleted', owner, sender)
    },
  }
}

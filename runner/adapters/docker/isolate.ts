import type Docker from 'dockerode'
import { ProctorError } from '../../domain/error.ts'
import type { Engine } from './engine.ts'

/** Takes every network from a running container: loopback is left. What the engine then says of it is checked, because a network that stays would be silent. */
export async function isolate(engine: Engine, container: Docker.Container): Promise<void> {
  for (const name of await networksOf(engine, container))
    await engine.call('disconnect a sandbox', () => engine.docker.getNetwork(name).disconnect({ Container: container.id, Force: true }))
  const left = await networksOf(engine, container)
  if (left.length > 0) throw new ProctorError('sandbox_lost', `The sandbox is still connected to ${left.join(', ')}.`)
}

async function networksOf(engine: Engine, container: Docker.Container): Promise<readonly string[]> {
  const { NetworkSettings } = await engine.call('inspect a container', (abortSignal) => container.inspect({ abortSignal }))
  return Object.keys(NetworkSettings.Networks).filter((name) => name !== 'none')
}

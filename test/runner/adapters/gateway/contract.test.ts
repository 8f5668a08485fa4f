import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { gatewayContract } from '../../../contract/gateway.ts'
import { type FakeGrant, fakeGateway } from '../../../fakes/gateway.ts'
import { openGate, questions, send } from './gate.ts'
import { answers, fails } from './provider.ts'

const behaviours = { answer: answers(), 'server error': fails(500), 'key refused': fails(401), 'not recorded': answers() } as const

describe('the gateway', () => {
  gatewayContract(async () => {
    const gate = await openGate({ upstream: { GEMINI_API_KEY: '', GOOGLE_GEMINI_BASE_URL: '' } })
    const folders = new Map<string, string>()
    let latest = ''
    return {
      gateway: {
        ...gate.gateway,
        admit: async (admission) => {
          const grant = await gate.gateway.admit(admission)
          const listen = async (folder: string) => {
            folders.set(grant.token, folder)
            await grant.listen(folder)
          }
          return Object.assign(Object.create(grant, Object.getOwnPropertyDescriptors(grant)), { listen })
        },
      },
      async folder() {
        latest = await mkdtemp(join(gate.folder, 'contract-'))
        return latest
      },
      async play(grant, scene) {
        gate.provider.become(behaviours[scene])
        gate.replaying(scene === 'not recorded')
        const { path, body } = questions.anthropic
        const response = await send(join(folders.get(grant.token) ?? '', 'gateway.sock'), path, grant.token, { body })
        await response.toArray()
      },
      [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
    }
  })
})

describe('its fake', () => {
  gatewayContract(async () => ({
    gateway: fakeGateway(),
    folder: async () => '/nowhere',
    play: async (grant, scene) => (grant as FakeGrant).play(scene), // the fake made it
    [Symbol.asyncDispose]: async () => {},
  }))
})

import { describe } from 'vitest'
import { never, testSandboxes } from '../../../contract/sandboxes.ts'
import { openTestDocker } from './open-test-docker.ts'

describe('Docker', () => {
  testSandboxes(async () => {
    const sandboxes = openTestDocker()
    return { sandboxes, image: await sandboxes.prepare([{ base: 'proctor-base:latest' }], { signal: never }) }
  })
})

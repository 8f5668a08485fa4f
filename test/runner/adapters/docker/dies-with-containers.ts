import { never, profile, resources } from '../../../contract/sandboxes.ts'
import { openTestDocker } from './open-test-docker.ts'

/** A proctor that is at work until somebody kills it: an agent's sandbox, a spare, a kept one, and a grading container. Prints their names. */
const docker = openTestDocker()
const image = await docker.prepare([{ base: 'proctor-base:latest' }], { signal: never })
const sandbox = await docker.open(image, { ...profile, run: 'dying', more: 1 }, never)
const kept = await docker.open(image, { ...profile, run: 'dying', keep: true }, never)
const grading = docker.once(image, { run: 'dying', command: ['sleep', '300'], timeoutMs: 400_000, resources }, never)
grading.catch(() => {})
while ((await docker.leftovers()).filter(({ kind, run }) => kind === 'grade' && run === 'dying').length === 0)
  await new Promise((go) => setTimeout(go, 50))
console.log(JSON.stringify({ sandbox: sandbox.name, kept: kept.name }))
await sandbox.exec(['sleep', '300'])

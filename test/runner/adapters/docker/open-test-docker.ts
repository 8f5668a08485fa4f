import { type DockerOptions, openDocker } from '../../../../runner/adapters/docker/docker.ts'

/** Snapshots of tests have an organisation of their own, so that nobody else's are reused. */
export const openTestDocker = (options: Partial<DockerOptions> = {}) =>
  openDocker({
    organisation: `test-${process.pid}`,
    trust: 'test',
    blobs: {
      get: () => {
        throw new Error('no blobs here')
      },
    },
    log: (line) => console.error(line),
    ...options,
  })

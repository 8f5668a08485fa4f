import { customRecipe } from '../../../support/custom-recipe.ts'
import { openTestDocker } from './open-test-docker.ts'

/** Another proctor that builds a custom image until somebody kills it: organisation, folder of states, Dockerfile body. Its log goes to stdout. */
const [organisation = '', imagesDir = '', body = ''] = process.argv.slice(2)
const docker = openTestDocker({ organisation, imagesDir })
await docker.images.build(
  { recipe: customRecipe(body), of: 'neighbour' },
  { again: false, signal: new AbortController().signal, onLog: (text) => process.stdout.write(text) },
)
await docker[Symbol.asyncDispose]()

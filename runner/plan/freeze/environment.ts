import { places } from '../../agents/places.ts'
import type { EnvironmentFile } from '../../domain/agent.ts'
import type { BlobRef } from '../../domain/blob.ts'
import type { Environment, EnvValue, Layer, Resources } from '../../domain/environment.ts'
import { ProctorError } from '../../domain/error.ts'
import { type Body, readDockerfile } from '../dockerfile/body.ts'
import { quoteWords } from '../quote-words.ts'
import { type Python, pythonOf } from './python.ts'

/**
 * An environment that somebody wrote, as layers: the Dockerfile's own, then what changes least. An agent's setup command may read its
 * `code`, which therefore is part of the image, and of what the image is known by. An image outlives the run: a setup command that
 * is to see a secret is none of its layers, and left to the run.
 */
export function environmentOf(file: EnvironmentFile, code?: BlobRef): Environment {
  const { network = 'none', resources, sudo, setup_command } = file
  const body = bodyOf(file)
  const python = pythonOf(file.python_version)
  const blind = setup_command !== undefined && holdsSecret(file)
  const recipe = [...body.steps.map(stepLayer), ...installs(file, { body, python }), ...(blind ? [] : setup(file, { body, python, code }))]
  return {
    recipe,
    ...(body.steps.length > 0 ? { custom: body.steps.length } : {}),
    ...(blind ? { setup: setup_command } : {}),
    env: first(python, { ...body.env, ...file.env }),
    network,
    resources: resourcesOf(resources),
    sudo,
  }
}

/** What the author of a Dockerfile body should know though nothing is wrong with it. */
export const dockerfileWarnings = ({ dockerfile }: EnvironmentFile): readonly string[] =>
  dockerfile === undefined
    ? []
    : readDockerfile(dockerfile).warnings.map(
        ({ message, at }) => `\`dockerfile\`, line ${dockerfile.slice(0, at).split('\n').length}: ${message}`,
      )

/** Reading the file has told its problems, with their places, before anything is frozen. */
function bodyOf({ dockerfile }: EnvironmentFile): Pick<Body, 'steps' | 'env'> {
  if (dockerfile === undefined) return { steps: [], env: {} }
  const body = readDockerfile(dockerfile)
  const [problem] = body.problems
  if (problem) throw new ProctorError('config_invalid', `\`environment.dockerfile\`: found ${problem.message}`)
  return body
}

const stepLayer = (step: Body['steps'][number]): Layer => ({ ...step, network: 'open', blame: 'image_build_failed' })
const online = { network: 'open', blame: 'environment_setup_failed' } as const

type Beneath = { readonly body: Pick<Body, 'env'>; readonly python: Python | undefined }

function installs({ system_packages, requirements }: EnvironmentFile, { body, python }: Beneath): Layer[] {
  const env = first(python, body.env)
  const packages: Layer = {
    ...online,
    run: `${apt} ${quoteWords(system_packages)} && rm -rf /var/lib/apt/lists/*`,
    as: 'root',
    env: { ...body.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  // For every user of the sandbox, a grader too, not only for the one who runs pip.
  const wheels: Layer = { ...online, run: `${pip} ${quoteWords(requirements)}`, as: python ? 'user' : 'root', env }
  return [
    ...(system_packages.length > 0 ? [packages] : []),
    ...(python?.layers(body.env) ?? []),
    ...(requirements.length > 0 ? [wheels] : []),
  ]
}

function setup({ setup_command, env }: EnvironmentFile, { body, python, code }: Beneath & { readonly code: BlobRef | undefined }): Layer[] {
  if (setup_command === undefined) return []
  const plain = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  return [
    ...(code ? [{ put: code, at: places.agent }] : []),
    { ...online, run: setup_command, as: 'user', cwd: code ? places.agent : places.home, env: first(python, { ...body.env, ...plain }) },
  ]
}

/** The environment's Python comes first, whatever else is on PATH. */
function first<V extends EnvValue>(python: Python | undefined, env: Readonly<Record<string, V>>): Readonly<Record<string, V | string>> {
  const { PATH } = env
  return !python || typeof PATH === 'object' ? env : { ...env, PATH: python.path(PATH) }
}

const holdsSecret = ({ env }: EnvironmentFile) => Object.values(env).some((value) => typeof value === 'object')

const apt = 'apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends --'
const pip = 'python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --'

function resourcesOf({ cpus, memory, pids, disk }: EnvironmentFile['resources']): Resources {
  return { cpus, memoryMb: mebibytes(memory), pids, diskMb: mebibytes(disk) }
}

/** `512m`, `1.5g`; the schema let nothing else through. */
export const mebibytes = (size: string) => Math.max(1, Math.ceil(Number.parseFloat(size) * (/g$/i.test(size) ? 1024 : 1)))

import { globs } from '../lib/globs.ts'

/**
 * Names that change what a test runner, a build or an interpreter does without anybody calling them. A path is a hook when one of its
 * parts has such a name, in any case, for a folder of that name is imported or read just the same.
 */
const runnerHooks: readonly { readonly because: string; readonly names: readonly string[] }[] = [
  { because: 'pytest imports it before it collects', names: ['conftest.py', 'conftest'] },
  { because: 'Python imports it at its start', names: ['*customize.py', '*customize', '*.pth'] },
  { because: 'Python and pytest load plugins through package metadata', names: ['*.dist-info', '*.egg-info', '*.egg-link', '*.egg'] },
  {
    because: 'it is imported in place of the test runner',
    names: ['pytest', '_pytest', 'pluggy', 'iniconfig', 'py', 'unittest', 'doctest', 'nose', 'nose2'].flatMap((name) => [
      name,
      `${name}.{py,pyc,so,*.so}`,
    ]),
  },
  {
    because: 'test runners and build tools read options from it',
    names: [
      ...['pytest.ini', '.pytest.ini', 'pytest.toml', '.pytest.toml', 'tox.ini', 'tox.toml', 'setup.cfg', 'setup.py', 'pyproject.toml'],
      ...['noxfile.py', '.coveragerc', 'manage.py', 'pyvenv.cfg', 'uv.toml', 'uv.lock', 'pipfile', '.python-version', '.python-versions'],
    ],
  },
  {
    because: 'Node and its test runners read commands and options from it',
    names: [
      ...['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'bun.lock{,b}'],
      ...['.npmrc', '.yarnrc*', '.pnpmfile.*', '.mocharc*', '.taprc*', '.nycrc*', '.c8rc*', '.swcrc', 'jest.config*', 'jest.setup*'],
      ...['vitest.config*', 'vitest.workspace*', 'vitest.setup*', 'vite.config*', 'ava.config*', 'playwright.config*', 'karma.conf*'],
      ...['.babelrc*', 'babel.config*', 'tsconfig*.json', 'deno.json{,c}', 'bunfig.toml', '.node-version', '.nvmrc'],
    ],
  },
  {
    because: 'it stands in for installed packages',
    names: ['node_modules', 'venv', '.venv', 'virtualenv', 'site-packages', '__pypackages__', '.tox', '.nox'],
  },
  {
    because: 'a command that a scorer calls reads its steps from it',
    names: [
      'makefile',
      'gnumakefile',
      '*.mk',
      'justfile',
      '.justfile',
      'taskfile.y{,a}ml',
      'rakefile',
      'cmakelists.txt',
      'build.rs',
      '.cargo',
      'go.work',
    ],
  },
  {
    because: 'shells, git and tool managers act on it',
    names: ['.envrc', '.env', '.gitattributes', '.gitmodules', '.tool-versions', 'mise.toml', '.mise.toml'],
  },
]

const isHookName = globs(runnerHooks.flatMap(({ names }) => names))
const known = new Map<string, boolean>()

export const isRunnerHook = (path: string): boolean => path.toLowerCase().split('/').some(remembered)

/** The same few folder names make up most paths. */
function remembered(part: string): boolean {
  const before = known.get(part)
  if (before !== undefined) return before
  const found = isHookName(part)
  if (known.size < 10_000) known.set(part, found)
  return found
}

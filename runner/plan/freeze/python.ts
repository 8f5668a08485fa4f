import type { EnvironmentFile } from '../../domain/agent.ts'
import type { Layer } from '../../domain/environment.ts'
import { baseEnv } from '../dockerfile/body.ts'

type Version = EnvironmentFile['python_version']
type Env = Readonly<Record<string, string>>
/** `layers` make the version, `path` puts it before whatever PATH there is. */
export type Python = { readonly layers: (env: Env) => readonly Layer[]; readonly path: (path: string | undefined) => string }

/** The Python of the base image needs no layer; each other one becomes a virtual environment at a fixed place, first on PATH. */
export function pythonOf(version: Version): Python | undefined {
  if (version === '3.13') return undefined
  const folder = `/opt/python${version}`
  return {
    path: (path = baseEnv.PATH) => `${folder}/bin:${path}`,
    layers: (env) => [
      { run: provide(version, folder), as: 'root', env, network: 'open', blame: 'python_not_available', title: `Python ${version}` },
      {
        run: furnish(folder),
        as: 'user',
        env,
        network: 'open',
        blame: 'environment_setup_failed',
        title: `pip and pytest for Python ${version}`,
      },
    ],
  }
}

/** An interpreter that is there, else one of uv's own, else one of Debian's. None: exit code 64, and a last line for people. */
const provide = (version: Version, folder: string) => `version=${version} folder=${folder}
[ ! -x "$folder/bin/python3" ] || exit 0
export UV_PYTHON_INSTALL_DIR=/opt/uv-python UV_HTTP_TIMEOUT=20 UV_HTTP_RETRIES=1
interpreter() { uv python find --no-config --no-project --system --no-python-downloads "$1" 2>/dev/null; }
from_uv() { uv python install --no-config --no-bin "$version" && chmod -R go=rX "$UV_PYTHON_INSTALL_DIR"; }
from_debian() { debian-python "$version"; }
found=$(interpreter "$version") || { from_uv && found=$(interpreter "$version"); } || { from_debian && found=$(interpreter "$version"); }
if [ -z "$found" ]; then
  there=$(for one in 3.9 3.10 3.11 3.12 3.13; do interpreter "$one" >/dev/null && printf ', %s' "$one"; done)
  echo "Python $version is not available here. The image has \${there#, }; neither the downloads of uv nor the packages of Debian gave another."
  exit 64
fi
uv venv --no-config --python "$found" "$folder" && chown -R user:user "$folder"`

/** What the Python of the base image has too. */
const furnish = (folder: string) => `[ ! -x ${folder}/bin/pip ] || exit 0
uv pip install --no-cache --python ${folder}/bin/python3 \${PIP_INDEX_URL:+--default-index "$PIP_INDEX_URL"} pip pytest`

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('the base image', () => {
  it('is named by the digest of its recipe', () => {
    const format = '{{index .Config.Labels "proctor.base"}} {{json .RepoTags}}'
    const [digest = '', tags = ''] = docker('image', 'inspect', '--format', format, 'proctor-base:latest').split(' ')

    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.parse(tags)).toContain(`proctor-base:${digest.slice(0, 12)}`)
  })

  it('has the tools, the folders and the two users', () => {
    const said = inside(`
      python --version; python3 --version; node --version; npm --version; pytest --version; uv --version
      git --version; curl --version; rg --version; unzip -v; make --version
      id -u; sudo id -u; sudo -u grader id -u; sudo -u grader sudo -n true 2>/dev/null || echo grader has no sudo
      stat -c '%U %a %n' agent inputs outputs workspace; sudo -u grader test -w /home/user/workspace || echo grader writes nothing`)

    expect(said).toMatch(/Python 3\.13\.\d+\nPython 3\.13\.\d+\nv24\.\d+\.\d+\n\d+\.\d+\.\d+\npytest \d/)
    expect(said).toMatch(/\n1000\n0\n1001\ngrader has no sudo\n/)
    for (const folder of ['agent', 'inputs', 'outputs', 'workspace']) expect(said).toContain(`user 755 ${folder}\n`)
    expect(said).toContain('grader writes nothing')
  })

  it('has an older Python too, and apt-get finds nothing of the release that it came from', () => {
    const said = inside(`python3.11 -c 'import ssl, sqlite3, sys; print(sys.version_info[:2])'; uv python find --no-python-downloads 3.11
      ls /etc/apt/sources.list.d /etc/apt/preferences.d; grep -rh bookworm /etc/apt; python3 --version`)

    expect(said).toMatch(/^\(3, 11\)\n\/usr\/bin\/python3\.11\n/)
    expect(said).not.toContain('bookworm')
    expect(said).toMatch(/Python 3\.13\.\d+\n$/)
  })

  it('lets pip install into the system and into the home, and leaves no file of a build behind', () => {
    const said = inside(`
      pip install --dry-run --no-index --no-deps pytest && sudo pip install --dry-run --no-index --no-deps pytest && echo not managed
      ls /usr/lib/python3*/EXTERNALLY-MANAGED /var/lib/apt/lists/* 2>/dev/null; ls -A /tmp`)

    expect(said).toMatch(/not managed\n$/)
  })
})

function inside(commands: string): string {
  return docker('run', '--rm', '--network', 'none', '--label', 'proctor.kind=test', 'proctor-base:latest', 'bash', '-c', commands)
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' })
}

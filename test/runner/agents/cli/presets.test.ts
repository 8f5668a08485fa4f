import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { Prepared } from '../../../../runner/agents/cli/cli.ts'
import { readCommand } from '../../../../runner/agents/cli/command.ts'
import { harnessProblem, recognise, wantedProviders } from '../../../../runner/agents/cli/index.ts'
import { HarnessConfig } from '../../../../runner/domain/harness.ts'
import { there } from '../../../support/there.ts'

const gateway = { url: 'http://127.0.0.1:8484', token: 'pt-token', providers: ['anthropic', 'openai', 'gemini'] } as const
function prepare(line: string, harness: unknown = {}, env: Record<string, string> = {}): Prepared {
  const command = readCommand(line)
  return there(recognise(command)).prepare({ command, harness: HarnessConfig.parse(harness), gateway, env })
}
const file = ({ files }: Prepared, path: string) => {
  const found = files.find((one) => one.path === path)
  return found && 'content' in found && found.content instanceof Uint8Array ? Buffer.from(found.content).toString() : ''
}

describe('flags', () => {
  test.each<[string, string]>([
    [
      'claude -p "$(cat x)"',
      'claude --dangerously-skip-permissions --output-format=stream-json --verbose --strict-mcp-config --setting-sources=user --add-dir=/home/user/workspace -p "$(cat x)"',
    ],
    [
      'claude hello | tee log',
      'claude --print --dangerously-skip-permissions --output-format=stream-json --verbose --strict-mcp-config --setting-sources=user --add-dir=/home/user/workspace hello | tee log',
    ],
    [
      'claude --print --permission-mode acceptEdits --verbose x',
      'claude --output-format=stream-json --strict-mcp-config --setting-sources=user --add-dir=/home/user/workspace --print --permission-mode acceptEdits --verbose x',
    ],
    [
      'claude -p x --setting-sources project',
      'claude --dangerously-skip-permissions --output-format=stream-json --verbose --strict-mcp-config -p x --setting-sources project',
    ],
    [
      'A=1 /opt/bin/codex exec -m o3 "x" && echo done',
      'A=1 /opt/bin/codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -m o3 "x" && echo done',
    ],
    ['codex -a never -m o3 "x"', 'codex -a never -m o3 exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "x"'],
    [
      'codex --ask-for-approval never exec "x"',
      'codex --ask-for-approval never exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "x"',
    ],
    ['codex -- "x"', 'codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -- "x"'],
    ['codex', 'codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox'],
    ['codex exec --sandbox read-only x', 'codex exec --json --skip-git-repo-check --sandbox read-only x'],
    ['codex "x"', 'codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "x"'],
    ['gemini -p x', 'gemini --output-format=stream-json --yolo --skip-trust -p x'],
    ['qwen x --approval-mode default', 'qwen --output-format=stream-json --auth-type=openai x --approval-mode default'],
    ['opencode run x', 'opencode run --format=json --auto x'],
    ['cursor-agent -p x', 'cursor-agent --output-format=stream-json --force --trust -p x'],
  ])('%s', (line, expected) => {
    const { line: made } = prepare(line)
    expect(made).toBe(expected)
    execFileSync('bash', ['-n', '-c', made])
  })

  test('aider gets its switches once, and keeps what its author set', () => {
    const { line } = prepare('aider --stream --chat-history-file mine.md --message x *.py')
    expect(line).toContain('--yes-always')
    expect(line).not.toContain('--no-stream')
    expect(line.match(/--chat-history-file/g)).toHaveLength(1)
    expect(line).toMatch(/--message x \*\.py$/)
  })

  test('files and variables of the workspace lead Aider nowhere; what its author says does', () => {
    const { line, env, obeyed } = prepare('aider --message x')
    expect(line).toContain(' --openai-api-base http://127.0.0.1:8484/openai/v1')
    expect(env).toMatchObject({ PYTHON_DOTENV_DISABLED: '1', PYTHONHASHSEED: '0' })
    expect(obeyed).toEqual(['.aider.conf.yml', '.aider.model.settings.yml', '.aider.model.metadata.json'])
    const own = prepare('AIDER_CONFIG=x OPENAI_API_BASE=http://x aider', {}, { AIDER_MODEL_SETTINGS_FILE: 'x', AIDER_STREAM: '1' })
    for (const option of ['no-stream', 'openai-api-base']) expect(own.line).not.toContain(option)
    expect(own.obeyed).toEqual(['.aider.model.metadata.json'])
  })

  test('an output format of its author stays, and is remarked on', () => {
    const { line, warnings } = prepare('claude -p x --output-format text')
    expect(line).not.toMatch(/stream-json|--verbose/)
    expect(warnings).toEqual([expect.stringContaining('session log')])
  })
})

describe('which command is a CLI that is known', () => {
  test.each([
    ['claude -p x', 'Claude Code'],
    ['/home/user/.local/bin/aider --message x', 'Aider'],
    ["'codex' exec x", 'Codex'],
    ['ANTHROPIC_MODEL=x claude -p x', 'Claude Code'],
    ['cursor-agent -p x', 'Cursor'],
    ['bash -c "claude -p x"', undefined],
    ['timeout 60 claude -p x', undefined],
    ['env A=1 claude', undefined],
    ['echo x | claude', undefined],
    ['claude-wrapper x', undefined],
    ['$CLI x', undefined],
    ['', undefined],
  ])('%s: %s', (line, name) => expect(recognise(readCommand(line))?.name).toBe(name))

  test.each([
    ['claude -p x', ['anthropic']],
    ['codex exec x', ['openai']],
    ['aider --model sonnet', ['anthropic']],
    ['aider --model gemini/gemini-2.5-pro', ['gemini']],
    ['aider', ['openai', 'anthropic', 'gemini']],
    ['opencode run -m anthropic/claude-x y', ['anthropic']],
    ['cursor-agent -p x', []],
    ['my-agent', []],
  ])('%s asks %j', (line, providers) => expect(wantedProviders(line)).toEqual(providers))
})

describe('configuration files', () => {
  const harness = {
    system_prompt_append: 'Be "brief";\nuse $HOME, `id` and \'quotes\'.\u007f',
    project_doc: '# Doc\n',
    mcp_servers: {
      tickets: { command: 'node', args: ['a "b"'], env: { K: 'v=1' } },
      web: { url: 'https://mcp.example/x', headers: { A: 'b' } },
    },
    subagents: [{ name: 'reviewer', description: 'Reviews: all', prompt: 'Look.', tools: ['Read'] }],
  }

  test('Claude Code gets all of it outside of the workspace', () => {
    const made = prepare('claude -p x', harness)
    expect(JSON.parse(file(made, '.proctor-cli/mcp.json'))).toEqual({
      mcpServers: {
        tickets: { command: 'node', args: ['a "b"'], env: { K: 'v=1' } },
        web: { type: 'http', url: 'https://mcp.example/x', headers: { A: 'b' } },
      },
    })
    expect(file(made, '.claude/CLAUDE.md')).toBe('# Doc\n')
    expect(file(made, '.claude/agents/reviewer.md')).toBe(
      '---\nname: "reviewer"\ndescription: "Reviews: all"\ntools: "Read"\n---\n\nLook.\n',
    )
    expect(made.line).toContain('--append-system-prompt-file=/home/user/.proctor-cli/system.md')
    expect(file(made, '.proctor-cli/system.md')).toBe(harness.system_prompt_append)
  })

  test('Qwen Code is handed what was written, whatever bash makes of its line', () => {
    const made = prepare('qwen x', { system_prompt_append: harness.system_prompt_append })
    const words = execFileSync('bash', ['-c', made.line.replace(/^qwen/, 'printf "%s\\0"')], { encoding: 'utf8' }).split('\0')
    expect(words).toContain(`--append-system-prompt=${harness.system_prompt_append}`)
  })

  test('the longest addition to the system prompt of Claude Code leaves its line short enough for bash', () => {
    const { line } = prepare('claude -p x', { system_prompt_append: '\u4e2d'.repeat(65_536) })
    execFileSync('bash', ['-n', '-c', line])
  })

  test('opencode gets instructions as files, and the document of the workspace without its configuration', () => {
    const made = prepare('opencode run x', { system_prompt_append: 'Be brief.' })
    expect(JSON.parse(file(made, '.proctor-cli/opencode.json')).instructions).toEqual([
      '/home/user/workspace/AGENTS.md',
      '/home/user/.proctor-cli/system.md',
    ])
    expect(file(made, '.proctor-cli/system.md')).toBe('Be brief.')
    expect(made.env).toMatchObject({ OPENCODE_DISABLE_PROJECT_CONFIG: '1', OPENCODE_PURE: '1' })
  })

  test.each([
    [{}, []],
    [{ mcp_servers: harness.mcp_servers }, ['tickets', 'web']],
  ])('Qwen Code runs no hook, and no MCP server but those of %j', (config, allowed) => {
    const made = prepare('qwen x', config)
    expect(JSON.parse(file(made, '.proctor-cli/qwen.json'))).toMatchObject({ disableAllHooks: true, mcp: { allowed } })
    expect(made.env).toMatchObject({ QWEN_CODE_SYSTEM_SETTINGS_PATH: '/home/user/.proctor-cli/qwen.json' })
    expect(made.warnings).toEqual([])
  })

  test('MCP servers on the command line of Qwen Code stay, and what that means is said', () => {
    const made = prepare('qwen --mcp-config mine.json x')
    expect(JSON.parse(file(made, '.proctor-cli/qwen.json'))).not.toHaveProperty('mcp')
    expect(made.warnings).toEqual([expect.stringContaining('MCP servers of the workspace')])
  })

  test('Claude Code reads the document of the workspace, unless its author says what it reads', () => {
    const name = 'CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD'
    expect(prepare('claude -p x').env).toHaveProperty(name)
    const own = prepare('claude -p x --setting-sources user,project')
    expect(own.env).not.toHaveProperty(name)
    expect(own.line).not.toContain('--add-dir')
  })

  test('Gemini CLI gets subagents as files of its own', () => {
    const made = prepare('gemini -p x', { subagents: harness.subagents })
    expect(file(made, '.gemini/agents/reviewer.md')).toBe(
      '---\nname: "reviewer"\ndescription: "Reviews: all"\ntools: ["Read"]\n---\n\nLook.\n',
    )
  })

  test('Codex gets TOML that another reader of TOML understands', () => {
    const { subagents: _, ...able } = harness
    const made = prepare('codex exec x', able, { OPENAI_API_KEY: 'pt-token' })
    const program = 'import json, sys, tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)))'
    const run = ['run', '--rm', '-i', '--network', 'none', 'proctor-base:latest', 'python3', '-c', program]
    const toml = JSON.parse(execFileSync('docker', run, { input: file(made, '.codex/config.toml'), encoding: 'utf8' }))
    expect(toml).toMatchObject({
      model_provider: 'proctor',
      developer_instructions: harness.system_prompt_append,
      allow_login_shell: false,
      web_search: 'disabled',
      features: { shell_snapshot: false },
      model_providers: { proctor: { base_url: 'http://127.0.0.1:8484/openai/v1', env_key: 'PROCTOR_RUN_TOKEN', wire_api: 'responses' } },
      mcp_servers: {
        tickets: { command: 'node', args: ['a "b"'], env: { K: 'v=1' } },
        web: { url: 'https://mcp.example/x', http_headers: { A: 'b' } },
      },
    })
    expect(file(made, '.codex/AGENTS.md')).toBe('# Doc\n')
    expect(made.env).toMatchObject({ CODEX_API_KEY: 'pt-token', CODEX_HOME: '/home/user/.codex' })
  })

  test.each([
    ['gemini -p x', '.gemini/settings.json', '.gemini/GEMINI.md'],
    ['qwen x', '.qwen/settings.json', '.qwen/QWEN.md'],
  ])('%s trusts the servers that it was given', (line, settings, doc) => {
    const made = prepare(line, { project_doc: '# Doc\n', mcp_servers: harness.mcp_servers })
    expect(JSON.parse(file(made, settings)).mcpServers).toEqual({
      tickets: { command: 'node', args: ['a "b"'], env: { K: 'v=1' }, trust: true },
      web: { httpUrl: 'https://mcp.example/x', headers: { A: 'b' }, trust: true },
    })
    expect(file(made, doc)).toBe('# Doc\n')
  })

  test('the environment of the author wins', () => {
    expect(prepare('claude -p x', {}, { CLAUDE_CODE_MAX_RETRIES: '9' }).env).not.toHaveProperty('CLAUDE_CODE_MAX_RETRIES')
    expect(prepare('aider', {}, {}).env).toMatchObject({ ANTHROPIC_API_BASE: 'http://127.0.0.1:8484/anthropic' })
  })

  test.each([
    ['claude -p x', harness, undefined],
    ['codex exec x', harness, /Codex has no `subagents`/],
    ['aider', harness, /Aider has no `system_prompt_append` and no `mcp_servers` and no `subagents`/],
    ['aider', { project_doc: 'x' }, undefined],
    ['gemini -p x', { system_prompt_append: 'x' }, /Gemini CLI has no `system_prompt_append`/],
    ['my-agent', { project_doc: 'x' }, /does not know how to configure/],
    ['codex login && codex exec x', { project_doc: 'x' }, /`login`, which is no turn of Codex/],
    ['qwen x', { system_prompt_append: 'x' }, undefined],
    ['opencode run x', harness, undefined],
  ])('%s: what it cannot be told is refused', (line, config, problem) => {
    const found = harnessProblem(line, HarnessConfig.parse(config))
    if (problem) expect(found).toMatch(problem)
    else expect(found).toBeUndefined()
  })
})

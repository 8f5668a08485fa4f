import { describe, expect, it } from 'vitest'
import { type Changed, filterWork, type Rules } from '../../../runner/run/filter.ts'
import type { Baseline } from '../../../runner/seams/trees.ts'

const open: Rules = { editable: [], protected: [], hooks: [], grading: 'isolated' }
const file = (path: string): Changed => ({ path, type: 'file' })
const link = (path: string): Changed => ({ path, type: 'link' })
const gone = (path: string): Changed => ({ path, type: 'gone' })
const baseline = (...paths: string[]): Baseline => ({
  key: 'k',
  entries: new Map(paths.map((path) => [path, { mode: '100644', oid: '', bytes: 0 }])),
})
const withheld = (changes: Changed[], rules: Partial<Rules> = {}, tree = baseline()) =>
  Object.fromEntries(filterWork(changes, tree, { ...open, ...rules }).withheld)

describe('what enters grading', () => {
  it('is everything but tests and runner hooks, when the author says nothing', () => {
    const changes = ['src/a.py', 'tests/test_a.py', 'src/test_b.py', 'a.test.ts', 'conftest.py', 'docs/x.md'].map(file)
    expect(withheld(changes)).toEqual({
      'tests/test_a.py': 'test file',
      'src/test_b.py': 'test file',
      'a.test.ts': 'test file',
      'conftest.py': 'runner hook',
    })
    expect([...filterWork(changes, baseline(), open).entering]).toEqual(['src/a.py', 'docs/x.md'])
  })

  it('is what the author names, tests too', () => {
    expect(withheld(['src/a.py', 'tests/test_a.py', 'README.md'].map(file), { editable: ['src/**', 'tests/**'] })).toEqual({
      'README.md': 'not editable',
    })
  })

  it.each([
    ...[
      'conftest.py',
      'src/deep/conftest.py',
      'CONFTEST.PY',
      'sitecustomize.py',
      'usercustomize.py',
      'x.pth',
      'evil-1.0.dist-info/entry_points.txt',
    ],
    ...[
      'x.egg-info/PKG-INFO',
      'x.egg-link',
      'pytest.ini',
      '.pytest.ini',
      'pytest.toml',
      'tox.ini',
      'setup.cfg',
      'setup.py',
      'pyproject.toml',
      'noxfile.py',
    ],
    ...[
      'package.json',
      'web/package-lock.json',
      '.npmrc',
      'Makefile',
      'GNUmakefile',
      'pytest.py',
      'pytest/__init__.py',
      '_pytest/x.py',
      'pluggy/__init__.py',
    ],
    ...['py.py', 'unittest.py', 'unittest/mock.py', '.mocharc.cjs', 'jest.config.ts', 'vitest.config.mts', '.taprc', '.babelrc.json'],
    ...[
      'node_modules/x/index.js',
      '.gitattributes',
      '.envrc',
      '.venv/bin/python',
      'venv/x',
      '.python-version',
      'pytest.cpython-313-x86_64-linux-gnu.so',
    ],
  ])('is never %s, though everything is editable', (path) => {
    expect(withheld([file(path)], { editable: ['**'] })).toEqual({ [path]: 'runner hook' })
    expect(withheld([file(path)], { editable: ['**'], hooks: ['**'] })).toEqual({})
  })

  it.each(['src/contest.py', 'customizer.py', 'src/setup_db.py', 'package.json.md', 'lib/pytester.py', 'src/parser.py'])(
    'may be %s',
    (path) => expect(withheld([file(path)])).toEqual({}),
  )

  it('is never what is protected, whatever else names it', () => {
    const rules = { editable: ['**'], hooks: ['**'], protected: ['tests/**', 'conftest.py'] }
    expect(withheld([file('tests/a'), gone('tests/b'), link('tests'), file('conftest.py')], rules)).toEqual({
      'tests/a': 'protected',
      'tests/b': 'protected',
      tests: 'protected',
      'conftest.py': 'protected',
    })
  })

  it('is no link in place of a folder that holds what must stay', () => {
    const tree = baseline('data/tests/x.txt', 'data/y.txt')
    const changes = [gone('data/tests/x.txt'), gone('data/y.txt'), link('data')]
    expect(withheld(changes, {}, tree)).toEqual({ 'data/tests/x.txt': 'test file', data: 'test file' })
    expect(withheld(changes, { editable: ['data/*', 'data'] }, tree)).toEqual({ 'data/tests/x.txt': 'not editable', data: 'not editable' })
    expect(withheld(changes, { editable: ['data/**'] }, tree)).toEqual({})
  })

  it('is no folder in place of a file that must stay', () => {
    const tree = baseline('lib')
    expect(withheld([gone('lib'), file('lib/a.py')], { protected: ['lib'], editable: ['**'] }, tree)).toMatchObject({
      lib: 'protected',
      'lib/a.py': 'protected',
    })
    expect(withheld([gone('lib'), file('lib/a.py')], {}, tree)).toEqual({})
  })

  it('has the tests as well for a scorer that wants them, but neither hooks nor sources that may not be edited', () => {
    const changes = ['src/a.py', 'other.py', 'tests/test_a.py', 'tests/conftest.py'].map(file)
    const { entering, withTests } = filterWork(changes, baseline(), { ...open, editable: ['src/**'], protected: ['tests/**'] })
    expect([...entering]).toEqual(['src/a.py'])
    expect([...withTests]).toEqual(['src/a.py', 'tests/test_a.py'])
  })

  it('is all of it when grading is live', () => {
    expect(withheld([file('conftest.py'), file('tests/a')], { grading: 'live', protected: ['**'] })).toEqual({})
  })
})

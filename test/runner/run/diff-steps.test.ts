import { expect, it } from 'vitest'
import { editsOf } from '../../../runner/run/diff-steps.ts'

const patch = `diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1 +1 @@
-x
+y
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-+++ b/fake
diff --git a/old name b/new name
similarity index 100%
rename from old name
rename to new name
diff --git a/logo.png b/logo.png
new file mode 100644
index 0..1
Binary files /dev/null and b/logo.png differ
`

it('makes an edit of each file', () => {
  expect([...editsOf(patch)]).toEqual([
    { kind: 'edit', detail: { path: 'src/a.py', diff: '@@ -1 +1 @@\n-x\n+y\n' } },
    { kind: 'edit', detail: { path: 'gone.txt', diff: '@@ -1 +0,0 @@\n-+++ b/fake\n' } },
    { kind: 'edit', detail: { path: 'new name' } },
    { kind: 'edit', detail: { path: 'logo.png' } },
  ])
  expect([...editsOf('')]).toEqual([])
})

it('shows so much of one file, and so many files', () => {
  const long = `diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1,9 @@\n${'+x\n'.repeat(50_000)}`
  expect([...editsOf(long)][0]?.detail).toMatchObject({ path: 'a', cut: true })
  const many = [...editsOf('diff --git a/a b/a\nnew file mode 100644\n'.repeat(1000))]
  expect(many.length).toBe(201)
  expect(many.at(-1)?.detail).toEqual({ text: '[... 800 more files were changed ...]', cut: true })
})

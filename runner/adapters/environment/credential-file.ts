import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ProctorError } from '../../domain/error.ts'
import { type KeyKind, readKey } from './credential-key.ts'
import { locked } from './file-lock.ts'

/** Secrets of this machine, encrypted (AES-256-GCM, the name as associated data), write-only: nothing here ever shows one. */
export type CredentialFile = {
  /** Undefined when there is none of that name. Throws `agent_secret_unresolved` when it cannot be decrypted. */
  get(name: string): Promise<string | undefined>
  /** A name that is taken keeps its value unless `rotate`. */
  set(name: string, value: string, options: { readonly rotate: boolean }): Promise<'stored' | 'kept' | 'rotated'>
  remove(name: string): Promise<boolean>
  list(): Promise<readonly { readonly name: string; readonly at: string }[]>
}
type Options = { readonly folder: string; readonly passphrase?: string | undefined }

const Entry = z.object({ iv: z.string(), tag: z.string(), data: z.string(), at: z.string() })
const Store = z.object({
  version: z.literal(1),
  key: z.enum(['passphrase', 'key file']),
  salt: z.string(),
  entries: z.record(z.string(), Entry),
})
type Store = z.infer<typeof Store>

export function openCredentialFile({ folder, passphrase }: Options): CredentialFile {
  const path = join(folder, 'credentials.json')
  const kind: KeyKind = passphrase === undefined ? 'key file' : 'passphrase'
  const keyOf = (store: Store) => readKey(folder, { passphrase, salt: Buffer.from(store.salt, 'base64') })

  async function read(): Promise<Store> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw unreadable(path, error.message)
    })
    if (text === undefined) return { version: 1, key: kind, salt: randomBytes(16).toString('base64'), entries: {} }
    const parsed = Store.safeParse(parse(text))
    if (!parsed.success) throw unreadable(path, 'it is damaged')
    return parsed.data
  }

  /** Whoever reads sees the old store or the new one. */
  async function change<T>(make: (store: Store) => Promise<T>): Promise<T> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await using _lock = await locked(`${path}.lock`)
    const store = await read()
    if (store.key !== kind && Object.keys(store.entries).length > 0) throw wrongKind(path, store.key)
    store.key = kind
    const made = await make(store)
    const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
    try {
      await writeFile(draft, `${JSON.stringify(store, null, 2)}\n`, { mode: 0o600, flush: true })
      await rename(draft, path)
    } finally {
      await rm(draft, { force: true })
    }
    return made
  }

  return {
    async get(name) {
      const store = await read()
      const entry = Object.hasOwn(store.entries, name) ? store.entries[name] : undefined
      if (!entry) return undefined
      if (store.key !== kind) throw wrongKind(path, store.key)
      return decrypt(name, entry, await keyOf(store), path)
    },
    set: (name, value, { rotate }) =>
      change(async (store) => {
        const isTaken = Object.hasOwn(store.entries, name)
        if (isTaken && !rotate) return 'kept'
        store.entries[name] = encrypt(name, value, await keyOf(store))
        return isTaken ? 'rotated' : 'stored'
      }),
    remove: (name) =>
      change(async (store) => {
        const isThere = Object.hasOwn(store.entries, name)
        delete store.entries[name]
        return isThere
      }),
    async list() {
      const { entries } = await read()
      return Object.entries(entries)
        .map(([name, { at }]) => ({ name, at }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}

function encrypt(name: string, value: string, key: Buffer): z.infer<typeof Entry> {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name))
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return {
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
    at: new Date().toISOString(),
  }
}

function decrypt(name: string, { iv, tag, data }: z.infer<typeof Entry>, key: Buffer, path: string): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(tag, 'base64'))
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8')
  } catch {
    throw unreadable(path, `${name} cannot be decrypted with this key; store it again with \`proctor credentials set --rotate\``)
  }
}

const unreadable = (path: string, why: string) => new ProctorError('agent_secret_unresolved', `${path}: ${why}`)
const wrongKind = (path: string, kind: KeyKind) =>
  unreadable(
    path,
    kind === 'passphrase'
      ? 'it was locked with a passphrase: set PROCTOR_CREDENTIALS_KEY'
      : 'it was locked with its key file: unset PROCTOR_CREDENTIALS_KEY',
  )

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

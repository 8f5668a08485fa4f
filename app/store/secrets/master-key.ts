import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { ProctorError } from '../../../runner/domain/error.ts'
import type { MasterKeys } from '../database/worker-tables.ts'

/** 32 bytes that wrap the data keys of credentials, under the id that they are kept with. */
export type MasterKey = { readonly id: string; readonly bytes: Buffer }

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const proven = Buffer.from('proctor master key')

/** A key of its own for a secret that nobody has used here yet, and the row that lets it be recognised again. */
export async function newMasterKey(secret: string): Promise<{ readonly key: MasterKey; readonly row: Omit<MasterKeys, 'createdAt'> }> {
  const salt = randomBytes(16)
  const key = { id: randomUUID(), bytes: await keyOf(secret, salt) }
  return { key, row: { id: key.id, salt, proof: seal({ key: key.bytes, about: key.id, plain: proven }) } }
}

/** The key that a row was made with, if this is its secret. Throws `credentials_locked` when it is not. */
export async function masterKey(secret: string, { id, salt, proof }: Pick<MasterKeys, 'id' | 'salt' | 'proof'>): Promise<MasterKey> {
  const key = { id, bytes: await keyOf(secret, salt) }
  if (unseal({ key: key.bytes, about: id, sealed: proof })?.equals(proven)) return key
  throw new ProctorError('credentials_locked', 'PROCTOR_MASTER_KEY is not the key that the credentials were kept with')
}

/** 32 bytes in base64 or hex are a key; anything else is a passphrase, and costs an attacker a scrypt per guess. */
async function keyOf(secret: string, salt: Buffer): Promise<Buffer> {
  const bytes = /^[0-9a-f]{64}$/i.test(secret) ? Buffer.from(secret, 'hex') : base64(secret)
  if (bytes) return createHmac('sha256', bytes).update(salt).digest()
  return derive(secret, salt, 32, cost)
}

function base64(secret: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(secret)) return undefined
  const bytes = Buffer.from(secret, 'base64')
  return bytes.length === 32 ? bytes : undefined
}

const ivBytes = 12
const tagBytes = 16

/** AES-256-GCM: iv, tag, ciphertext. `about` must be the same to open it: what was sealed for one place opens in no other. */
export function seal({ key, about, plain }: { key: Buffer; about: string; plain: Buffer }): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about))
  const data = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), data])
}

/** Undefined: another key, another place, or somebody changed it. */
export function unseal({ key, about, sealed }: { key: Buffer; about: string; sealed: Buffer }): Buffer | undefined {
  if (sealed.length < ivBytes + tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(about))
    .setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

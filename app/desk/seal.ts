import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { ProctorError } from '../../runner/domain/error.ts'
import type { Sealed } from './desk.ts'

/** A key of one process, for as long as it runs: what was sealed for it opens for nobody else, and for nobody later. */
export type SealingKey = { readonly publicKey: string; open(sealed: Sealed, about: string): ReadonlyMap<string, string> }

/** X25519, HKDF-SHA256, AES-256-GCM; the job and the name are bound in, so that no value can be passed off as another. */
export function sealingKey(): SealingKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return {
    publicKey: textOf(publicKey),
    open(sealed, about) {
      const key = agreed(privateKey, keyFrom(sealed.publicKey))
      return new Map(Object.entries(sealed.values).map(([name, text]) => [name, decrypt(key, text, bound(about, name))]))
    },
  }
}

/** Seals values for the holder of a key. `missing`: asked for, and not there. */
export function seal(
  values: ReadonlyMap<string, string>,
  { to, about, missing }: { readonly to: string; readonly about: string; readonly missing: readonly string[] },
): Sealed {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const key = agreed(privateKey, keyFrom(to))
  const sealed = [...values].map(([name, value]) => [name, encrypt(key, value, bound(about, name))])
  return { publicKey: textOf(publicKey), values: Object.fromEntries(sealed), missing }
}

const bound = (about: string, name: string) => Buffer.from(JSON.stringify([about, name]))
const textOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64')

function keyFrom(text: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })
    if (key.asymmetricKeyType === 'x25519') return key
  } catch {
    // said below
  }
  throw new ProctorError('internal_error', 'the key of a worker is no X25519 key')
}

const agreed = (privateKey: KeyObject, publicKey: KeyObject) =>
  Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), Buffer.alloc(0), 'proctor credentials', 32))

function encrypt(key: Buffer, value: string, about: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(about)
  return Buffer.concat([iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

function decrypt(key: Buffer, text: string, about: Buffer): string {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAAD(about).setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()
}

/** Every form in which a secret shows up by accident. Lines of a secret with many (a private key) count on their own: a diff puts a sign before each. */
export function* formsOf(secret: string): Generator<string> {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= shortestLine) : []
  for (const part of new Set([secret, secret.trim(), ...parts])) yield* encodings(part)
}

const shortestLine = 12

function* encodings(plain: string): Generator<string> {
  const bytes = Buffer.from(plain)
  yield plain
  yield* jsonForms(plain)
  yield* urlForms(plain)
  yield bytes.toString('hex')
  yield bytes.toString('hex').toUpperCase()
  for (const offset of [0, 1, 2]) {
    const fragment = base64At(bytes, offset)
    yield fragment
    yield fragment.replaceAll('+', '-').replaceAll('/', '_')
  }
}

/** The characters of a base64 text that depend on these bytes alone, when they begin `offset` bytes into a group of three. */
function base64At(bytes: Uint8Array, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}

function* jsonForms(plain: string): Generator<string> {
  const escaped = JSON.stringify(plain).slice(1, -1)
  const ascii = escaped.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  yield escaped
  yield ascii
  yield escaped.replaceAll('/', '\\/')
}

/** JavaScript leaves `!'()*` as they are, Python and browsers do not; Python leaves `/`; forms write a space as `+`. */
function* urlForms(plain: string): Generator<string> {
  const loose = encodeURIComponent(plain.toWellFormed())
  const strict = loose.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  for (const form of [loose, strict, strict.replaceAll('%2F', '/')]) {
    for (const spaced of [form, form.replaceAll('%20', '+')]) {
      yield spaced
      yield spaced.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
    }
  }
}

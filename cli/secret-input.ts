import { text } from 'node:stream/consumers'

/** A secret from a pipe, or typed by a person without showing it. Undefined when the person gave up. A line end at its end is not part of it. */
export async function readSecret(input: NodeJS.ReadStream, output: NodeJS.WriteStream, question: string): Promise<string | undefined> {
  if (!input.isTTY) return (await text(input)).replace(/\r?\n$/, '')
  output.write(question)
  input.setRawMode(true)
  input.setEncoding('utf8')
  try {
    return await typed(input)
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
}

function typed(input: NodeJS.ReadStream): Promise<string | undefined> {
  let secret = ''
  return new Promise((done) => {
    const end = (result: string | undefined) => {
      input.off('data', hear)
      done(result)
    }
    // A paste comes in one piece, so each character is looked at.
    const hear = (piece: string) => {
      for (const letter of piece) {
        if (letter === '\r' || letter === '\n' || letter === '\u0004') return end(secret)
        if (letter === '\u0003') return end(undefined)
        secret = letter === '\u007f' || letter === '\b' ? secret.slice(0, -1) : secret + letter
      }
    }
    input.on('data', hear)
    input.resume()
  })
}

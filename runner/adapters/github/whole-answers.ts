/**
 * Fetches with a deadline, and gives an answer only when it is whole: the client would take one that broke off for a success without
 * content.
 */
export function wholeAnswers(timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(timeoutMs) })
    const { status, statusText, headers, url } = response
    if (bodyless.has(status)) return response
    const body = await response.arrayBuffer().catch((error: unknown) => {
      if (response.ok) throw error
      return new ArrayBuffer(0)
    })
    if (response.ok) checkJson(Buffer.from(body).toString())
    return Object.defineProperty(new Response(body, { status, statusText, headers }), 'url', { value: url })
  }
}
const bodyless = new Set([204, 205, 304])

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    throw new Error(text === '' ? 'the answer is empty' : 'the answer is no JSON, or was cut', { cause })
  }
}

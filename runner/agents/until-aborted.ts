/** What `work` gives, or undefined as soon as the signal aborts: nobody waits for a sandbox that does not answer. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>()
  const onAbort = () => aborted.resolve(undefined)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } catch (thrown) {
    if (signal.aborted) return undefined
    throw thrown
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => {})
  }
}

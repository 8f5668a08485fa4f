/** Ctrl-C once: `signal` fires and everything winds down. Twice: at once; what stays behind is reaped at the next start. */
export function stopOnSignals(say: (text: string) => void): { signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      say('stopped at once; the next start removes what is left')
      process.exit(130)
    }
    say('stopping: sandboxes are removed, finished runs are kept. Ctrl-C again stops at once')
    controller.abort(new Error(name))
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, onSignal)
    },
  }
}

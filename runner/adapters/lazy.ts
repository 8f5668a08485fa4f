import type { Gateway } from '../seams/gateway.ts'
import type { Sandboxes } from '../seams/sandbox.ts'

/** An engine that is reached only once something runs. */
export function lazySandboxes(open: () => Promise<Sandboxes>): Sandboxes {
  return {
    prepare: async (...given) => (await open()).prepare(...given),
    open: async (...given) => (await open()).open(...given),
    once: async (...given) => (await open()).once(...given),
    read: async (...given) => (await open()).read(...given),
  }
}

/** A gateway that opens with its first run. `begun`: opened, and told of the plan if there is one. */
export function lazyGateway(
  open: () => Promise<Gateway>,
  providers: Gateway['providers'],
): Gateway & { begun(): Promise<Gateway | undefined> } {
  let plan: Parameters<Gateway['begin']> | undefined
  async function begun() {
    const gateway = await open()
    if (plan) gateway.begin(...plan)
    plan = undefined
    return gateway
  }
  return {
    providers,
    begin(asked, done) {
      plan = [asked, [...done]] // as it is now: what is added later is spent from here
    },
    begun: async () => (plan ? begun() : undefined),
    admit: async (admission) => (await begun()).admit(admission),
  }
}

/** Made when it is first asked for. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

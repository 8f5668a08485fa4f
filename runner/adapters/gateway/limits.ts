const mib = 1024 * 1024

/** What one run can ask of its gateway. Beyond it the gateway refuses, and no budget pays. Times in ms. */
export const gatewayLimits = {
  /** Requests under way at once; the next is refused with 429. */
  requests: 100,
  /** Connections through the proxy at once. */
  tunnels: 100,
  /** Sockets at once, idle ones included; the next is closed. */
  connections: 400,
  bodyBytes: 64 * mib,
  /** All request bodies that are held at once. */
  heldBytes: 256 * mib,
  headerBytes: 64 * 1024,
  targetChars: 8192,
  /** From the first byte of a request to the end of its headers, and of its body. */
  headersMs: 15_000,
  requestMs: 120_000,
  /** How long a connection may wait for its next request: a coding CLI that runs a long command comes back to the one it has. */
  keepAliveMs: 600_000,
  /** How often the three above are looked at. */
  checkMs: 2_000,
  /** Calls in the record; those after are metered all the same. */
  keptCalls: 10_000,
  /** Failures upstream in a row that end a run. */
  failures: 8,
  /** The first message of TLS through the proxy. */
  helloBytes: 32 * 1024,
  helloMs: 10_000,
  resolveMs: 10_000,
  connectMs: 10_000,
  /** A connection through the proxy without a byte in either direction. */
  tunnelIdleMs: 600_000,
  /** How long one side may go on after the other has ended. */
  halfOpenMs: 30_000,
}
export type GatewayLimits = typeof gatewayLimits

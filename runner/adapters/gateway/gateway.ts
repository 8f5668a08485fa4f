import type { Gateway } from '../../seams/gateway.ts'
import type { Upstream } from '../upstream/upstream.ts'

export type GatewayOptions = { readonly upstream: Upstream; readonly variables: Readonly<Record<string, string | undefined>> }

export declare function openGateway(options: GatewayOptions): Gateway

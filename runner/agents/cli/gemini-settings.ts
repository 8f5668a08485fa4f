import type { HarnessConfig } from '../../domain/harness.ts'

/** settings.json as Gemini CLI reads it, and Qwen Code, which was made of it: nothing told to anybody, no updates, MCP servers trusted. */
export const quietSettings = ({ mcp_servers = {} }: HarnessConfig) => ({
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true },
  mcpServers: Object.fromEntries(
    Object.entries(mcp_servers).map(([name, one]) => [
      name,
      'url' in one ? { httpUrl: one.url, headers: one.headers, trust: true } : { ...one, trust: true },
    ]),
  ),
})

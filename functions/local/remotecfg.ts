/** The configuration from a server, in a process of its own: asked for on a timer, and kept on disk. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { RemoteConfig, type RemoteOptions } from "../remotecfg/remotecfg.ts";
import { seedId } from "./seed.ts";

export type { RemoteConfig, RemoteState } from "../remotecfg/remotecfg.ts";

export interface LocalRemoteOptions extends Pick<RemoteOptions, "log" | "metrics" | "load" | "unload"> {
  readonly storagePath: string;
}

/** What the process asks, and loads what comes of it. */
export function localRemoteConfig({ storagePath, ...options }: LocalRemoteOptions): RemoteConfig {
  const nameOf = (key: string) => path.join(storagePath, "remotecfg", key);
  return new RemoteConfig({
    ...options,
    timer: true,
    usualId: () => seedId(storagePath),
    cache: {
      nameOf,
      read: async key => readFileSync(nameOf(key), "utf8"),
      async write(key, content) {
        mkdirSync(path.dirname(nameOf(key)), { recursive: true, mode: 0o750 });
        writeFileSync(nameOf(key), content, { mode: 0o600 }); // it may hold secrets
      },
    },
  });
}

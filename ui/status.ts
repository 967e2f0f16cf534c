/** The status page. */
import type { LocalProcess } from "../functions/local/process.ts";

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export function statusPage(local: LocalProcess): (path: string) => Page | undefined {
  return path => {
    if (path !== "/") return undefined;
    const list = local.pipeline?.components.map(({ node, health }) => `<li>${node.id}: ${health.state}`) ?? [];
    return {
      status: 200,
      type: "text/html; charset=utf-8",
      body: `<!doctype html><title>Amalgam</title><ul>${list.join("")}</ul>`,
    };
  };
}

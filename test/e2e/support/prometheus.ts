/** A real Prometheus that takes remote writes, and its query API. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "./ports.ts";
import { exitOf, temporaryFolder } from "./process.ts";
import { until } from "./until.ts";

/** Whether the program is on this machine; on Debian it is the package of the same name. */
export const prometheusIsInstalled = spawnSync("prometheus", ["--version"], { stdio: "ignore" }).status === 0;

export interface Prometheus {
  readonly writeUrl: string;
  /** The series that a query gives now: their labels as `name{a="b"}`, and values as text. */
  query(expression: string): Promise<Readonly<Record<string, string>>>;
  get(path: string): Promise<unknown>;
}

/** Starts it with an empty database. It is killed after the test. */
export async function startPrometheus(): Promise<Prometheus> {
  const port = await freePort();
  const folder = temporaryFolder();
  const config = path.join(folder, "prometheus.yml");
  writeFileSync(config, "global: {}\n");
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--enable-feature=exemplar-storage",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
  });
  const exited = exitOf(child);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}:\n${log}`);
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    () => `prometheus is ready, its log so far:\n${log}`,
  );
  const get = async (place: string): Promise<unknown> => {
    const answer = (await (await fetch(url + place)).json()) as { status: string; data: unknown; error?: string }; // of its API
    if (answer.status !== "success") throw new Error(`${place}: ${answer.error}`);
    return answer.data;
  };
  return {
    writeUrl: `${url}/api/v1/write`,
    get,
    query: async expression => seriesOf(await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)),
  };
}

function seriesOf(data: unknown): Record<string, string> {
  const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] }; // an instant vector
  return Object.fromEntries(
    result
      .map(({ metric: { __name__ = "", ...labels }, value: [, value] }): [string, string] => {
        const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
        return [`${__name__}{${pairs.map(([name, text]) => `${name}=${JSON.stringify(text)}`).join(", ")}}`, value];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

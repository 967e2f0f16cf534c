/** Log lines as a service without an SDK writes them, pushed to Loki's API as an agent would. */

export interface Line {
  readonly app: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly line: string;
}

const messages = [
  { app: "cart", level: "info", msg: "item added", user: "u-1021" },
  { app: "cart", level: "debug", msg: "cache hit", user: "u-1021" },
  { app: "checkout", level: "info", msg: "order placed", user: "u-1021" },
  { app: "checkout", level: "error", msg: "payment provider timed out", user: "u-2048" },
  { app: "search", level: "info", msg: "42 results for 'mercury'", user: "u-3007" },
  { app: "search", level: "warn", msg: "index is 5 minutes old", user: "u-3007" },
];

/** One line of each message, the last one now. */
export const lokiLines = (now: number): Line[] =>
  messages.map(({ app, ...rest }, i) => {
    const time = now - (messages.length - 1 - i) * 150;
    return { app, time, line: JSON.stringify({ time: new Date(time).toISOString(), ...rest }) };
  });

/** Pushes lines as JSON; resolves to how many there were. */
export async function pushToLoki(url: string, lines: readonly Line[]): Promise<number> {
  const streams = Object.entries(Object.groupBy(lines, ({ app }) => app)).map(([app, group = []]) => ({
    stream: { app, env: "demo" },
    values: group.map(({ time, line }) => [`${time}000000`, line]),
  }));
  const response = await fetch(`${url.replace(/\/$/, "")}/loki/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams }),
    signal: AbortSignal.timeout(5000),
  }).catch((error: unknown) => {
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  });
  if (!response.ok) throw new Error(`answered ${response.status}: ${(await response.text()).trim()}`);
  return lines.length;
}

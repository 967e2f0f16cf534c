/** Clients that try again as those of OTLP and Loki do: after 429, 503 and failed connections, no sooner than they are asked to. */
import { Agent, request } from "node:http";
import { onTestFinished } from "vitest";
import { sleep } from "./until.ts";

export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly text: string;
}

export interface Post {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Sends once; rejects where there is no answer. */
export function post({ url, headers = {}, body }: Post, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", headers, ...(agent && { agent }) }, response => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.once("error", reject);
      response.once("end", () => {
        const retryAfterMs = Number(response.headers["retry-after"] ?? 0) * 1000;
        resolve({ status: response.statusCode ?? 0, retryAfterMs, text });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

export interface Batch {
  readonly ids: readonly string[];
  readonly post: Post;
}

/** What a load has done so far. */
export interface Load {
  readonly sent: readonly string[];
  /** In the order in which they were acknowledged. */
  readonly acknowledged: readonly string[];
  /** Answers that asked for another attempt, and connections that failed. */
  readonly refused: number;
  readonly broken: number;
  /** Rejects at an answer that no client tries again after. */
  readonly done: Promise<void>;
  /** Starts no other batch; resolves when every batch that was begun is acknowledged. */
  finish(): Promise<void>;
}

/** Sends batches over `clients` connections until it is told to finish, each as soon as the one before it is acknowledged. */
export function startLoad(batchOf: (n: number) => Batch, clients: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let stopped = false;
  let over = false;
  let n = 0;
  onTestFinished(() => {
    over = stopped = true;
  });
  const load = {
    sent: [] as string[],
    acknowledged: [] as string[],
    refused: 0,
    broken: 0,
    done: Promise.resolve(),
    finish: () => {
      stopped = true;
      return load.done;
    },
  };
  const client = async () => {
    while (!stopped) {
      const batch = batchOf(n++);
      load.sent.push(...batch.ids);
      while (!(await attempt(batch, agent, load))) if (over) return;
      load.acknowledged.push(...batch.ids);
    }
  };
  load.done = Promise.all(Array.from({ length: clients }, client)).then(() => agent.destroy());
  load.done.catch(() => {}); // whoever waits for it is told
  return load;
}

/** Whether the batch is acknowledged; otherwise it is time for the next attempt. */
async function attempt({ post: it }: Batch, agent: Agent, load: { refused: number; broken: number }): Promise<boolean> {
  let answer: Answer;
  try {
    answer = await post(it, agent);
  } catch {
    load.broken++;
    await sleep(50);
    return false;
  }
  if (answer.status >= 200 && answer.status < 300) return true;
  if (answer.status !== 503 && answer.status !== 429)
    throw new Error(`${it.url} should take the data or ask for another attempt, got ${answer.status}: ${answer.text}`);
  load.refused++;
  await sleep(answer.retryAfterMs);
  return false;
}

/** A backend that decodes what it gets and answers as it is told: well, with a refusal, with garbage, or not at all. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { idsIn, wireOf } from "./wire.ts";

/** A request as the backend sees it. */
export interface Push {
  /** Counted from 0 since the last `reset`. */
  readonly number: number;
  readonly ids: readonly string[];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a backend does with a request. */
export interface Behaviour {
  /** Keeps the records before it answers. */
  readonly takes: boolean;
  readonly answer: (push: Push) => void | Promise<void>;
}

export interface FaultyBackend {
  readonly url: string;
  /** How often each id was stored. */
  readonly stored: ReadonlyMap<string, number>;
  /** Requests that came, by the ids in them. */
  readonly requests: readonly (readonly string[])[];
  /** Forgets what it got, and behaves like this from now on. */
  reset(behave: (push: Push) => Behaviour | Promise<Behaviour>): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback address; takes everything until it is told otherwise. */
export async function startFaultyBackend(): Promise<FaultyBackend> {
  let behave: (push: Push) => Behaviour | Promise<Behaviour> = () => good;
  let stored = new Map<string, number>();
  let requests: (readonly string[])[] = [];
  const server = createServer(async (request, response) => {
    const [into, list] = [stored, requests]; // a request of the test before counts for nothing
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { url = "", headers } = request;
    const ids = idsIn(wireOf(url, headers["content-type"]), headers["content-encoding"], Buffer.concat(chunks));
    const push = { number: list.push(ids) - 1, ids, request, response };
    const { takes, answer } = await behave(push);
    if (takes) for (const id of ids) into.set(id, (into.get(id) ?? 0) + 1);
    await answer(push);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    get stored() {
      return stored;
    },
    get requests() {
      return requests;
    },
    reset(next) {
      behave = next;
      stored = new Map();
      requests = [];
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

type Headers = Readonly<Record<string, string>>;

/** Takes the records and says so, in the way of each protocol. */
export const good: Behaviour = {
  takes: true,
  answer: ({ request, response }) => void response.writeHead(request.url?.startsWith("/v1/") ? 200 : 204).end(),
};

/** Refuses the records with a status and a reason. */
export const refuses = (status: number, headers: Headers = {}, body: string | Buffer = "not now"): Behaviour => ({
  takes: false,
  answer: ({ response }) => void response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body),
});

/** Ends the connection in the place of an answer; the records may have been kept before. */
export const closes = (takes: boolean): Behaviour => ({
  takes,
  answer: ({ request }) => void request.socket.destroy(),
});

/** Keeps the connection open, and says nothing. */
export const hangs: Behaviour = { takes: false, answer: () => {} };

/** Writes bytes that are no HTTP. */
export const speaksOtherwise = (text: string): Behaviour => ({
  takes: false,
  answer: ({ request: { socket } }) => void socket.end(text),
});

/** Takes the records, and writes an answer byte by byte as it is given. */
export const answersRaw = (text: string): Behaviour => ({
  takes: true,
  answer: ({ request: { socket } }) => void socket.end(text),
});

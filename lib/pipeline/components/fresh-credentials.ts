/** What a backend refuses for its credentials is sent once more, with the credentials that are there now. */
import { type HttpClient, type OutgoingRequest, startLimit } from "../delivery/http.ts";
import type { Host } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import { withoutCredentials } from "./writer.ts";

/** What a component sends with. */
export interface Sender {
  /** Where it sends to: what belongs to another place never goes there. */
  readonly to: string;
  readonly client: HttpClient;
  readonly authorize?: FreshSender["authorize"] | undefined;
}

export interface FreshSender {
  readonly client: HttpClient;
  readonly authorize: (request: OutgoingRequest, invocation: Invocation) => void | Promise<void>;
}

/**
 * Sends as the component would that is there now: its arguments, which may come from elsewhere, are read again where a request is
 * refused for its credentials. `key` tells the senders of a component apart.
 */
export function withFreshCredentials(own: Sender, host: Host, key = "sender"): FreshSender {
  const { memory, readAgain } = host;
  memory.set(key, own);
  const newest = () => {
    const known = memory.get(key) as Sender; // put there above
    return known.to === own.to ? known : own;
  };
  const client: HttpClient = {
    close: () => own.client.close(),
    async request(options) {
      const end = options.timeoutMs ? host.clock() + options.timeoutMs : undefined;
      const left = () => (end === undefined ? 0 : Math.max(1, end - host.clock()));
      const answer = await own.client.request(options);
      if (!readAgain || (answer.status !== 401 && answer.status !== 403)) return answer;
      const limit = startLimit(options.signal, left(), withoutCredentials(String(options.url)));
      try {
        await limit.race(readAgain());
      } finally {
        limit.end();
      }
      const now = newest();
      return now === own ? answer : now.client.request({ ...options, timeoutMs: left() });
    },
  };
  return { client, authorize: (request, invocation) => newest().authorize?.(request, invocation) };
}

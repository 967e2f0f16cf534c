/**
 * A text behind a URL, as `remote.http` and `import.http` take it: the arguments that both have, and the request they describe.
 *
 *     const source = textSource(args, host);
 *     const content = await source.fetch();
 */
import { messageOf } from "../delivery/errors.ts";
import { nameOf } from "../delivery/sites.ts";
import { defaultBlock, type Infer, object, optional, required } from "../eval/schema.ts";
import { duration, map, string } from "../eval/types.ts";
import { type Host, type Problem, ProblemError } from "../graph/component.ts";
import { clientProblems, httpClientArgs, makeClient } from "./http-client.ts";

/** The fields themselves, to be spread into a component's arguments. */
export const textSourceFields = {
  url: required(string, "The URL to read."),
  poll_frequency: optional(duration, "1m", "Time between two requests."),
  poll_timeout: optional(duration, "10s", "Time that one request may take."),
  method: optional(string, "GET", "Method of the request."),
  headers: optional(map(string), {}, "Headers of the request."),
  body: optional(string, "", "Body of the request."),
  client: defaultBlock(httpClientArgs, "The HTTP client."),
};

const textSourceArgs = object(textSourceFields);
export type TextSourceArgs = Infer<typeof textSourceArgs>;

export interface TextSource {
  /** The text without the white space around it. */
  fetch(): Promise<string>;
  /** Ends all connections. */
  close(): void;
}

/** More than any configuration, and less than what hurts. */
const maxBytes = 16 * 1024 * 1024;

/** What Go's client sets by itself, whatever the request's headers say (net/http, `reqWriteExcludeHeader`). */
const ownHeaders = new Set(["host", "content-length", "transfer-encoding", "trailer"]);

/** Arguments that no request can be made of. */
export function* textSourceProblems({
  url,
  method,
  poll_frequency,
  poll_timeout,
  client,
}: TextSourceArgs): Iterable<Problem> {
  if (poll_frequency <= 0) yield { path: ["poll_frequency"], message: "poll_frequency must be greater than 0" };
  if (poll_timeout <= 0) yield { path: ["poll_timeout"], message: "poll_timeout must be greater than 0" };
  if (!/^[\w!#$%&'*+.^`|~-]*$/.test(method))
    yield { path: ["method"], message: `method should be a word such as GET, got ${JSON.stringify(method)}` };
  if (!/^https?:\/\/./i.test(url) || !URL.canParse(url))
    yield { path: ["url"], message: "url should start with http:// or https:// and a host" }; // it may hold a password
  yield* clientProblems(client, ["client"]);
}

/** Makes the source; nothing is requested yet. */
export function textSource(args: TextSourceArgs, host: Host): TextSource {
  const client = makeClient(args.client, host);
  const url = parseUrl(args.url);
  const headers = Object.fromEntries([...args.headers].filter(([name]) => !ownHeaders.has(name.toLowerCase())));
  const body = args.body === "" ? undefined : Buffer.from(args.body);
  const request = { method: args.method || "GET", url, headers, body, timeoutMs: args.poll_timeout, maxBytes };
  return {
    close: () => client.close(),
    async fetch() {
      const response = await client.request({ ...request, overflow: "fail" }).catch(cause => {
        throw new Error(`performing request: ${messageOf(cause)}`, { cause });
      });
      // only 200, as in Alloy: no other status stands for the whole text
      if (response.status !== 200)
        throw new Error(`unexpected status code ${statusText(response.status)} from ${nameOf(url)}`);
      return trimmed(Buffer.from(response.body).toString());
    },
  };
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url)) throw new ProblemError("url should start with http:// or https:// and a host", ["url"]);
  return new URL(url);
}

function statusText(status: number): string {
  const text = process.getBuiltinModule("node:http").STATUS_CODES[status];
  return text ? `${status} ${text}` : String(status);
}

const space = /^\p{White_Space}$/u;

/** Without the white space around it; in one pass, since an expression would take forever over a text of spaces. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && space.test(text[start] as string)) start++; // within the text
  while (end > start && space.test(text[end - 1] as string)) end--;
  return text.slice(start, end);
}

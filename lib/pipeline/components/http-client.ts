/** The client that a component's arguments of Prometheus' common HTTP client describe. */
import type { HttpClientArgs } from "../delivery/client-arguments.ts";
import { buildClient } from "../delivery/client-config.ts";
import { messageOf } from "../delivery/errors.ts";
import type { Authorize, HttpClient } from "../delivery/http.ts";
import { userAgent } from "../delivery/user-agent.ts";
import { type Host, ProblemError } from "../graph/component.ts";

export * from "../delivery/client-arguments.ts";

/** The client that valid arguments describe; a file that can't be read fails the load. */
export function makeClient(args: HttpClientArgs, { directory }: Host, authorize?: Authorize): HttpClient {
  try {
    return buildClient(args, { directory, headers: { "user-agent": userAgent }, ...(authorize && { authorize }) });
  } catch (error) {
    throw new ProblemError(messageOf(error));
  }
}

/**
 * The client of an endpoint, the n-th of its component, whose arguments may come from elsewhere. A request that is refused for its
 * credentials is sent once more by the client that the component has now, if the values were others when they were read again.
 */
export function endpointClient(args: HttpClientArgs, host: Host, n: number, authorize?: Authorize): HttpClient {
  const client = makeClient(args, host, authorize);
  const key = `client ${n}`;
  host.memory.set(key, client);
  return {
    close: () => client.close(),
    async request(options) {
      const answer = await client.request(options);
      if (!host.readAgain || (answer.status !== 401 && answer.status !== 403)) return answer;
      await host.readAgain();
      const newest = host.memory.get(key) as HttpClient; // put there above
      return newest === client ? answer : newest.request(options);
    },
  };
}

/** The client that a component's arguments of Prometheus' common HTTP client describe. */
import type { HttpClientArgs } from "../delivery/client-arguments.ts";
import { buildClient } from "../delivery/client-config.ts";
import { messageOf } from "../delivery/errors.ts";
import type { Authorize, HttpClient } from "../delivery/http.ts";
import { userAgent } from "../delivery/user-agent.ts";
import { type Host, ProblemError } from "../graph/component.ts";
import { withFreshCredentials } from "./fresh-credentials.ts";

export * from "../delivery/client-arguments.ts";

/** The client that valid arguments describe; a file that can't be read fails the load. */
export function makeClient(args: HttpClientArgs, { directory }: Host, authorize?: Authorize): HttpClient {
  try {
    return buildClient(args, { directory, headers: { "user-agent": userAgent }, ...(authorize && { authorize }) });
  } catch (error) {
    throw new ProblemError(messageOf(error));
  }
}

/** The client of an endpoint, the n-th of its component, whose arguments may come from elsewhere. */
export function endpointClient(
  args: HttpClientArgs & { readonly url: string },
  host: Host,
  n: number,
  authorize?: Authorize,
): HttpClient {
  return withFreshCredentials({ to: args.url, client: makeClient(args, host, authorize) }, host, `client ${n}`).client;
}

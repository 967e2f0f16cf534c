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

/** What `otelcol.auth.*` components export: how requests that go out are authorised, and how those that come in are checked. */
import type { AuthResult } from "../../delivery/auth.ts";
import type { OutgoingRequest } from "../../delivery/http.ts";
import { object, required } from "../../eval/schema.ts";
import { capsule } from "../../eval/types.ts";
import type { Invocation } from "../../graph/invocation.ts";
import type { HttpRequest } from "../../graph/trigger.ts";

export interface AuthHandler {
  /** Adds credentials to a request. Absent where the handler can only check. */
  readonly client?: (request: OutgoingRequest, invocation: Invocation | undefined) => void | Promise<void>;
  /** Tells who sends a request, or how it is refused. Absent where the handler can only authorise. */
  readonly server?: (request: HttpRequest) => Promise<AuthResult>;
}

export const authHandler = capsule<AuthHandler>("*auth.Handler");

export const authExports = object({
  handler: required(authHandler, "For the `auth` argument of receivers and exporters."),
});

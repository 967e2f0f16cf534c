/** Authorises requests with a token in a header, and checks it in those that come in. */
import { bearerAuthenticator } from "../../../delivery/auth.ts";
import { object, optional, required } from "../../../eval/schema.ts";
import { secret, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { debugMetrics } from "../args.ts";
import { type AuthHandler, authExports } from "../auth.ts";

const args = object({
  scheme: optional(string, "Bearer", "What stands before the token; empty for the token alone."),
  token: required(secret, "The token."),
  header: optional(string, "Authorization", "Name of the header that has the token."),
  debug_metrics: debugMetrics,
});

export const otelcolAuthBearer = defineComponent({
  name: "otelcol.auth.bearer",
  summary: "Authorises requests with a token in a header, and checks it in those that come in.",
  stability: "generally-available",
  inFunctions: "The token comes from the function's environment, or from a `remote.*` component.",
  args,
  exports: authExports,
  build({ scheme, token, header }) {
    const value = () => (scheme === "" ? token.reveal() : `${scheme} ${token.reveal()}`);
    const authenticate = bearerAuthenticator({ tokens: () => [token.reveal()], scheme, header });
    const handler: AuthHandler = {
      client({ headers }) {
        headers[header.toLowerCase()] = value();
      },
      server: ({ headers }) => authenticate(headers),
    };
    return { exports: { handler } };
  },
});

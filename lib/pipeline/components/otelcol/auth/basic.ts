/** Basic authentication: of requests that go out, and of those that come in by a list of users. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { basicAuthenticator, singleUser } from "../../../delivery/auth.ts";
import { messageOf } from "../../../delivery/errors.ts";
import { htpasswd, type VerifyPassword } from "../../../delivery/htpasswd.ts";
import { textReader } from "../../../delivery/secret-text.ts";
import { block, type Infer, object, optional } from "../../../eval/schema.ts";
import { secret, string } from "../../../eval/types.ts";
import { defineComponent, type Host, type Problem, ProblemError } from "../../../graph/component.ts";
import { debugMetrics } from "../args.ts";
import { type AuthHandler, authExports } from "../auth.ts";

const args = object({
  username: optional(string, "", "User, for both directions."),
  password: optional(secret, undefined, "Password of the user."),
  client_auth: block(
    object({
      username: optional(string, "", "User."),
      username_file: optional(string, "", "File with the user; it goes before username."),
      password: optional(secret, undefined, "Password."),
      password_file: optional(string, "", "File with the password; it goes before password."),
    }),
    "Credentials of requests that go out.",
  ),
  htpasswd: block(
    object({
      file: optional(string, "", "File in the format of htpasswd."),
      inline: optional(string, "", "Its content; users here go before those of the file."),
    }),
    "Users who may send, with their passwords.",
  ),
  debug_metrics: debugMetrics,
});
type Args = Infer<typeof args>;

export const otelcolAuthBasic = defineComponent({
  name: "otelcol.auth.basic",
  summary: "Basic authentication of requests that go out and of those that come in.",
  stability: "generally-available",
  inFunctions:
    "Passwords come from the function's environment, from files of its bundle, or from a `remote.*` component.",
  args,
  exports: authExports,
  *check({ username, password, client_auth, htpasswd }): Iterable<Problem> {
    if (username === "" && !password && !client_auth && !htpasswd)
      yield { path: [], message: "no credential source provided" };
    if (username === "" && password) yield { path: ["password"], message: "no username provided" };
    if (username !== "" && !password) yield { path: ["username"], message: "no password provided" };
    if (htpasswd && htpasswd.file === "" && htpasswd.inline === "")
      yield { path: ["htpasswd"], message: "htpasswd should have file or inline" };
  },
  build(args, host) {
    const client = clientOf(args, host);
    const verify = verifierOf(args, host);
    const authenticate = verify && basicAuthenticator(verify);
    const handler: AuthHandler = {
      ...(client && { client }),
      ...(authenticate && { server: ({ headers }) => authenticate(headers) }),
    };
    return { exports: { handler } };
  },
});

function clientOf({ username, password, client_auth }: Args, { directory }: Host): AuthHandler["client"] {
  const user = client_auth
    ? (textReader({ file: client_auth.username_file, argument: "username_file", directory }) ??
      (() => client_auth.username))
    : () => username;
  const secretText = client_auth
    ? (textReader({ file: client_auth.password_file, argument: "password_file", directory }) ??
      (() => client_auth.password?.reveal() ?? ""))
    : () => password?.reveal() ?? "";
  if (!client_auth && username === "") return undefined;
  return ({ headers }) => {
    headers["authorization"] = `Basic ${Buffer.from(`${user()}:${secretText()}`).toString("base64")}`;
  };
}

function verifierOf({ username, password, htpasswd: users }: Args, { directory }: Host): VerifyPassword | undefined {
  if (users) return htpasswd(`${users.file === "" ? "" : fileText(directory, users.file)}\n${users.inline}`);
  return username === ""
    ? undefined
    : singleUser(
        () => username,
        () => password?.reveal() ?? "",
      );
}

function fileText(directory: string, file: string): string {
  try {
    return readFileSync(path.resolve(directory, file), "utf8");
  } catch (error) {
    throw new ProblemError(`file could not be read: ${messageOf(error)}`, ["htpasswd", "file"]);
  }
}

/** Reads a secret of Vault's key-value store, version 2, and exports its fields; logs in, and keeps its token alive. */
import { messageOf } from "../../delivery/errors.ts";
import { defaultBlock, type Infer, object, optional, required } from "../../eval/schema.ts";
import { duration, string } from "../../eval/types.ts";
import { Secret } from "../../eval/value.ts";
import { defineComponent, type Host, type Problem } from "../../graph/component.ts";
import { fieldsIn, isHttpUrl } from "./rest.ts";
import { secretFields, startSource } from "./source.ts";
import { StandInFields } from "./stand-ins.ts";
import { authArgs, authProblems } from "./vault/auth.ts";
import { clientOptions, type VaultClient, VaultError, vaultClient } from "./vault/client.ts";
import { vaultSession } from "./vault/session.ts";

const args = object({
  server: required(string, "URL of Vault."),
  namespace: optional(string, "", "Namespace of the secret; VAULT_NAMESPACE where unset."),
  path: required(string, "Where the store is mounted; without key, with the secret's path behind it."),
  key: optional(string, "", "Path of the secret in the store."),
  reread_frequency: optional(duration, "0s", "Age at which the secret is read again; 0 waits until its lease ends."),
  client_options: defaultBlock(clientOptions, "How to reach Vault."),
  auth: authArgs,
});
type Args = Infer<typeof args>;
type Data = ReadonlyMap<string, Secret>;

export const remoteVault = defineComponent({
  name: "remote.vault",
  summary: "Reads a secret of Vault and exports its fields.",
  stability: "generally-available",
  inFunctions:
    "Read at the cold start, and before the records of an invocation when it is older than reread_frequency; a token that is near its end is renewed then.",
  args,
  exports: object({
    data: required(secretFields, "The fields of the secret; those that are no strings are left out."),
  }),
  check: problemsOf,
  build(args, host) {
    const { server, namespace, client_options: options, reread_frequency: rereadMs } = args;
    const client = vaultClient({ server, namespace, options });
    const [auth] = args.auth;
    if (!auth) throw new Error("exactly one auth.* block must be specified; found none");
    const session = vaultSession({ auth, client, host });
    let known: Reading | undefined;
    const periodMs = () => shortest(rereadMs, known?.lifeMs ?? 0);
    const everyMs = () => (periodMs() === 0 ? 0 : shortest(periodMs(), session.periodMs));
    return startSource<{ readonly data: Data }>(host, {
      read: async () => {
        await session.keepAlive();
        const readAt = host.clock();
        // the token may have to be kept alive more often than the secret is to be read; timers come a little early
        if (!known || readAt - known.readAt >= periodMs() - everyMs() / 2)
          known = { ...(await session.use(token => readSecret(client, args, token, host))), readAt };
        return { data: known.data };
      },
      everyMs,
      healthy: "retrieved token",
      failed: "failed to get token",
      standIn: { data: new StandInFields() },
      close: async () => client.close(),
    });
  },
});

function* problemsOf({ server, path, key, auth, client_options: { timeout } }: Args): Iterable<Problem> {
  if (auth.length === 0) yield { path: [], message: "exactly one auth.* block must be specified; found none" };
  if (auth.length > 1) yield { path: [], message: `exactly one auth.* block must be specified; found ${auth.length}` };
  if (timeout <= 0)
    yield { path: ["client_options", "timeout"], message: "client_options.timeout must be greater than 0" };
  if (!isHttpUrl(server))
    yield { path: ["server"], message: "server should start with http:// or https:// and a host" };
  if (key === "" && !path.includes("/"))
    yield { path: ["path"], message: `missing mount path in ${JSON.stringify(path)}` };
  for (const [i, each] of auth.entries()) yield* authProblems(each, i);
}

/** A secret as it was read. */
interface Reading {
  readonly data: Data;
  readonly readAt: number;
  /** Two thirds of its lease; 0: it has none. */
  readonly lifeMs: number;
}

/** The least that is not 0; 0 where there is none. */
function shortest(...periods: readonly number[]): number {
  const found = periods.filter(period => period > 0);
  return found.length ? Math.min(...found) : 0;
}

async function readSecret(
  client: VaultClient,
  { path, key }: Args,
  token: string,
  { log, id }: Host,
): Promise<Omit<Reading, "readAt">> {
  // as in Alloy: without key, the first part of the path is the mount
  const slash = path.indexOf("/");
  const [mount, secret] = key === "" ? [path.slice(0, slash), path.slice(slash + 1)] : [path, key];
  const place = `${mount}/data/${secret}`;
  const fail = (reason: string) => new Error(`error encountered while reading secret at ${place}: ${reason}`);
  const answer = await client.request({ method: "GET", path: place, token }).catch((cause: unknown) => {
    throw cause instanceof VaultError
      ? new VaultError(fail(cause.message).message, cause.status)
      : fail(messageOf(cause));
  });
  if (!answer) throw new Error(`no secret found at ${place}`);
  const outer = fieldsIn(answer["data"]);
  if (!outer || !("data" in outer)) throw fail("missing expected 'data' element");
  const data = new Map<string, Secret>();
  for (const [name, value] of Object.entries(fieldsIn(outer["data"]) ?? {})) {
    if (typeof value === "string") data.set(name, new Secret(value));
    else log.warn("found field in secret which cannot be converted into a string", { component: id, key: name });
  }
  return { data, lifeMs: (Number(answer["lease_duration"] ?? 0) * 1000 * 2) / 3 };
}

/** Access tokens for Google Cloud: of the metadata server that every function has, or of a service account's key. */
import { createHttpClient, type HttpClient } from "../../../delivery/http.ts";
import { oauth2Tokens } from "../../../delivery/oauth2.ts";
import { textReader } from "../../../delivery/secret-text.ts";
import type { Secret } from "../../../eval/value.ts";
import { type Environment, keepToken, objectOf, type Token } from "../rest.ts";

export interface GcpTokenOptions {
  /** A service account's key as JSON. */
  readonly credentials?: Secret | undefined;
  /** A file with such a key. @default what GOOGLE_APPLICATION_CREDENTIALS names */
  readonly credentialsFile?: string | undefined;
  readonly directory?: string | undefined;
  readonly now?: () => number;
  readonly environment?: Environment;
}

export interface GcpIdentity {
  /** The value of the `Authorization` header. */
  authorization(): Promise<string>;
  close(): void;
}

const scope = "https://www.googleapis.com/auth/cloud-platform";

/** Makes a source of tokens; nothing is read before the first. */
export function gcpIdentity(options: GcpTokenOptions): GcpIdentity {
  const { credentials, credentialsFile, directory, now = Date.now, environment = process.env } = options;
  const file = credentialsFile || environment["GOOGLE_APPLICATION_CREDENTIALS"];
  const text = textReader({ text: credentials, file, argument: "credentials_file", directory });
  const client = createHttpClient({ timeoutMs: 10_000 });
  const close = () => client.close();
  if (!text) return { authorization: keepToken(() => metadataToken(client, environment), now), close };
  const keyOf = () => readKey(text());
  let tokens: { readonly url: string; readonly source: ReturnType<typeof oauth2Tokens> } | undefined;
  return {
    close,
    async authorization() {
      const { token_uri: url } = keyOf();
      if (tokens?.url !== url) tokens = { url, source: keyTokens(url, keyOf, client, now) };
      return tokens.source.authorization();
    },
  };
}

const keyTokens = (tokenUrl: string, keyOf: () => ServiceAccountKey, client: HttpClient, now: () => number) =>
  oauth2Tokens({
    tokenUrl,
    clientId: () => keyOf().client_email,
    clientSecret: () => "",
    scopes: [scope],
    // a subject would ask to act for somebody else
    jwt: { key: () => keyOf().private_key, keyId: keyOf().private_key_id, claims: { sub: undefined } },
    client,
    now,
  });

interface ServiceAccountKey {
  readonly client_email: string;
  readonly private_key: string;
  readonly private_key_id: string | undefined;
  readonly token_uri: string;
}

function readKey(text: string): ServiceAccountKey {
  const fields = objectOf({ body: Buffer.from(text) }) ?? {};
  const { type, client_email, private_key, private_key_id, token_uri } = fields;
  if (type !== "service_account" || typeof client_email !== "string" || typeof private_key !== "string")
    throw new Error(
      `credentials should be the key of a service account in JSON, got ${typeof type === "string" ? `type ${JSON.stringify(type)}` : "something else"}`,
    );
  return {
    client_email,
    private_key,
    private_key_id: typeof private_key_id === "string" ? private_key_id : undefined,
    token_uri: typeof token_uri === "string" ? token_uri : "https://oauth2.googleapis.com/token",
  };
}

/** Asks the metadata server of the instance or the function. */
export async function askMetadata(client: HttpClient, place: string, environment: Environment): Promise<Uint8Array> {
  const host = environment["GCE_METADATA_HOST"] || "metadata.google.internal";
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/${place}`;
  const answer = await client.request({ url, headers: { "metadata-flavor": "Google" } });
  if (answer.status !== 200) throw new Error(`the metadata server gave no token, got status ${answer.status}`);
  return answer.body;
}

async function metadataToken(client: HttpClient, environment: Environment): Promise<Token> {
  const { access_token: token, expires_in } = objectOf({ body: await askMetadata(client, "token", environment) }) ?? {};
  if (typeof token !== "string" || !token) throw new Error("the metadata server should give an access_token, got none");
  return { text: token, seconds: Number(expires_in ?? 0) };
}

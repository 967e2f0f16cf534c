/** Reads an object of S3, or of what speaks its protocol, and exports its content, again when that is older than `poll_frequency`. */
import { endpointOf, regionOf } from "../../delivery/aws-endpoints.ts";
import { createHttpClient, type HttpClient } from "../../delivery/http.ts";
import { s3Authorizer, s3Reason, s3Url } from "../../delivery/s3.ts";
import { userAgent } from "../../delivery/user-agent.ts";
import { defaultBlock, type Infer, object, optional, required } from "../../eval/schema.ts";
import { bool, duration, optionalSecret, secret, string } from "../../eval/types.ts";
import { OptionalSecret } from "../../eval/value.ts";
import { defineComponent, type Problem } from "../../graph/component.ts";
import { credentialsOf, noRegion, partition } from "./aws/client.ts";
import { isHttpUrl, reasonOf } from "./rest.ts";
import { maxValueBytes, startSource } from "./source.ts";
import { standInText } from "./stand-ins.ts";

const clientArgs = object({
  key: optional(string, "", "Access key id; the credentials of the function's role where unset."),
  secret: optional(secret, undefined, "Secret access key."),
  endpoint: optional(string, "", "URL of a service that is not AWS."),
  disable_ssl: optional(bool, false, "Accepts any server certificate."),
  use_path_style: optional(bool, false, "Puts the bucket into the path instead of the host's name."),
  region: optional(string, "", "Region; AWS_REGION or AWS_DEFAULT_REGION where unset."),
  signing_region: optional(string, "", "Region of the signature, where it is not that of the bucket."),
});
type ClientArgs = Infer<typeof clientArgs>;

const args = object({
  path: required(string, "The object: `s3://bucket/key`."),
  poll_frequency: optional(duration, "10m", "Age at which the object is read again."),
  is_secret: optional(bool, false, "Marks the content as a secret, so that nothing prints it."),
  client: defaultBlock(clientArgs, "How to reach the service."),
});
type Args = Infer<typeof args>;

export const remoteS3 = defineComponent({
  name: "remote.s3",
  summary: "Reads an object of S3 and exports its content.",
  stability: "generally-available",
  inFunctions:
    "Read at the cold start, which an object that can't be read fails, and before the records of an invocation when the content is older than poll_frequency.",
  args,
  exports: object({ content: required(optionalSecret, "The content of the object.") }),
  check: problemsOf,
  build: (args, host) => {
    const exportsOf = (text: string) => ({ content: new OptionalSecret(args.is_secret, text) });
    const client = clientOf(args);
    const place = placeOf(args.path) as Place; // checked before
    return startSource(host, {
      read: async () => exportsOf(await readObject(client, urlOf(place, args.client))),
      everyMs: args.poll_frequency,
      healthy: "s3 file updated",
      failed: `${args.path} can't be read`,
      needs: {
        permissions: [{ action: "s3:GetObject", resource: `arn:${partition}:s3:::${place.bucket}/${place.key}` }],
      },
      standIn: exportsOf(standInText),
      // as Alloy; in a function an empty content would go into data, and nobody look at the health
      ...(host.mode === "local" && { orElse: exportsOf("") }),
      close: async () => client.close(),
    });
  },
});

function* problemsOf({ path, poll_frequency, client }: Args): Iterable<Problem> {
  if (poll_frequency <= 30_000) yield { path: ["poll_frequency"], message: "poll_frequency must be greater than 30s" };
  if (!placeOf(path)) yield { path: ["path"], message: `path should be s3://BUCKET/KEY, got ${JSON.stringify(path)}` };
  if (client.key !== "" && !client.secret?.reveal())
    yield { path: ["client"], message: "if accesskey or secret are specified then the other must also be specified" };
  if (client.endpoint !== "" && !isHttpUrl(client.endpoint))
    yield { path: ["client", "endpoint"], message: "endpoint should start with http:// or https:// and a host" };
}

interface Place {
  readonly bucket: string;
  readonly key: string;
}

function placeOf(path: string): Place | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(path) ?? [];
  return bucket && key ? { bucket, key } : undefined;
}

/** Where an object is. */
export function urlOf(place: Place, { endpoint, use_path_style, region }: ClientArgs): URL {
  const set = endpointOf(endpoint, "S3");
  const name = regionOf(region);
  if (set === undefined && name === "") throw new Error(noRegion);
  return s3Url(place, { endpoint: set, pathStyle: use_path_style, region: name });
}

function clientOf({ client: { key, secret, region, signing_region, disable_ssl } }: Args): HttpClient {
  const credentials = credentialsOf({ key, secret, region, endpoint: "", assume_role: undefined });
  return createHttpClient({
    authorize: s3Authorizer({ region: signing_region || regionOf(region) || "us-east-1", credentials }),
    timeoutMs: 30_000,
    headers: { "user-agent": userAgent },
    ...(disable_ssl && { tls: { insecureSkipVerify: true } }),
  });
}

async function readObject(client: HttpClient, url: URL): Promise<string> {
  const answer = await client.request({ url, maxBytes: maxValueBytes, overflow: "fail" });
  if (answer.status !== 200) throw new Error(`got status ${answer.status}${reasonOf(s3Reason(answer))}`);
  return Buffer.from(answer.body).toString();
}

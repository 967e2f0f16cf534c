/** What clouds give a function or a machine to prove who it is, as Vault's methods take it. */
import { awsCredentials } from "../../../delivery/aws-credentials.ts";
import { awsDomain } from "../../../delivery/aws-endpoints.ts";
import { createHttpClient, type HttpClient, type OutgoingRequest } from "../../../delivery/http.ts";
import { signRequest } from "../../../delivery/sigv4.ts";
import type { Host } from "../../../graph/component.ts";
import { managedToken, metadataOf } from "../azure/token.ts";
import { askMetadata, gcpIdentity as googleTokens } from "../gcp/token.ts";
import { type Environment, type Fields, fieldsIn, objectOf, reasonOf } from "../rest.ts";

export interface AwsLogin {
  readonly type: string;
  readonly region: string;
  readonly role: string;
  readonly iam_server_id_header: string;
  readonly ec2_signature_type: string;
}

/** A signed request that Vault sends to STS to see who signed it, or the document of an EC2 instance. */
export async function awsIdentity(args: AwsLogin, { clock, mode }: Host): Promise<Fields> {
  const role = args.role ? { role: args.role } : {};
  if (args.type === "ec2") {
    if (mode === "function")
      throw new Error('type "ec2" needs the metadata of an EC2 instance, which a function has not; "iam" works in one');
    return { ...role, ...(await instanceDocument(args.ec2_signature_type, process.env)) };
  }
  const region = args.region || "us-east-1";
  const body = Buffer.from("Action=GetCallerIdentity&Version=2011-06-15");
  const url = new URL(`https://sts.${region}.${awsDomain(region)}/`);
  const request: OutgoingRequest = {
    method: "POST",
    url,
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      ...(args.iam_server_id_header && { "x-vault-aws-iam-server-id": args.iam_server_id_header }),
    },
    body,
  };
  signRequest(request, { region, service: "sts", credentials: await awsCredentials({ region })(), now: clock() });
  const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64");
  return {
    ...role,
    iam_http_request_method: "POST",
    iam_request_url: base64(url.href),
    iam_request_body: base64(body),
    iam_request_headers: base64(JSON.stringify({ ...request.headers, host: url.host })),
  };
}

/** By the second version of the metadata service. */
async function instanceDocument(signature: string, environment: Environment): Promise<Fields> {
  const base = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]?.replace(/\/$/, "") || "http://169.254.169.254";
  return withClient(async client => {
    const headers = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
    const token = await text(client, { method: "PUT", url: `${base}/latest/api/token`, headers });
    const part = (name: string) =>
      text(client, {
        url: `${base}/latest/dynamic/instance-identity/${name}`,
        headers: { "x-aws-ec2-metadata-token": token },
      });
    const nonce = process.getBuiltinModule("node:crypto").randomUUID();
    if (signature === "pkcs7") return { pkcs7: (await part("pkcs7")).trim(), nonce };
    const identity = Buffer.from(await part("document")).toString("base64");
    return { identity, signature: await part("signature"), nonce };
  });
}

export interface AzureLogin {
  readonly role: string;
  readonly resource_url: string;
}

/** A token of the managed identity, and where it is: a machine's metadata, or what Functions say of themselves. */
export async function azureIdentity({ role, resource_url: resource }: AzureLogin, { clock }: Host): Promise<Fields> {
  const { env } = process;
  return withClient(async client => {
    const { text: jwt } = await managedToken(client, { resource, now: clock });
    if (env["IDENTITY_ENDPOINT"]) return { role, jwt, ...functionApp(env) };
    const url = `${metadataOf(env)}/metadata/instance?api-version=2021-05-01`;
    const answer = await client.request({ url, headers: { metadata: "true" } });
    const compute = fieldsIn(objectOf(answer)?.["compute"]);
    if (!compute) throw new Error(`the machine's metadata should be there, got status ${answer.status}`);
    return {
      role,
      jwt,
      vm_name: compute["name"],
      vmss_name: compute["vmScaleSetName"],
      subscription_id: compute["subscriptionId"],
      resource_group_name: compute["resourceGroupName"],
    };
  });
}

/** App Service has these variables; the owner's name begins with the subscription. */
function functionApp(environment: Environment): Fields {
  const { WEBSITE_OWNER_NAME: owner = "", WEBSITE_RESOURCE_GROUP: group, WEBSITE_SITE_NAME: site } = environment;
  const subscription = owner.split("+")[0];
  if (!subscription || !group || !site) return {};
  return {
    subscription_id: subscription,
    resource_group_name: group,
    resource_id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Web/sites/${site}`,
  };
}

export interface GcpLogin {
  readonly role: string;
  readonly type: string;
  readonly iam_service_account: string;
}

/** A token of the metadata server for this Vault, or one that a service account signs. */
export async function gcpIdentity(args: GcpLogin, server: string, host: Host): Promise<Fields> {
  const { role, type, iam_service_account: account } = args;
  return withClient(async client => {
    if (type === "gce") {
      const query = new URLSearchParams({ audience: `${server}/vault/${role}`, format: "full" });
      return { role, jwt: Buffer.from(await askMetadata(client, `identity?${query}`, process.env)).toString() };
    }
    const identity = googleTokens({ directory: host.directory, now: host.clock });
    try {
      const exp = Math.floor(host.clock() / 1000) + 600;
      const payload = JSON.stringify({ aud: `vault/${role}`, sub: account, exp });
      const answer = await client.request({
        method: "POST",
        url: `${googleApi(process.env)}/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt`,
        headers: { authorization: await identity.authorization(), "content-type": "application/json" },
        body: Buffer.from(JSON.stringify({ payload })),
      });
      const fields = objectOf(answer);
      const jwt = fields?.["signedJwt"];
      if (typeof jwt === "string") return { role, jwt };
      const reason = reasonOf(fieldsIn(fields?.["error"])?.["message"]);
      throw new Error(`the service account should sign, got status ${answer.status}${reason}`);
    } finally {
      identity.close();
    }
  });
}

/** As Google's own clients allow to replace it. */
const googleApi = (environment: Environment): string =>
  environment["GOOGLE_IAM_CREDENTIALS_ENDPOINT"]?.replace(/\/$/, "") || "https://iamcredentials.googleapis.com";

async function withClient<T>(work: (client: HttpClient) => Promise<T>): Promise<T> {
  const client = createHttpClient({ timeoutMs: 10_000 });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

async function text(client: HttpClient, request: Parameters<HttpClient["request"]>[0]): Promise<string> {
  const { status, body } = await client.request(request);
  if (status !== 200) throw new Error(`the metadata of the instance can't be read, got status ${status}`);
  return Buffer.from(body).toString();
}

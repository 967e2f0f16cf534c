/** What components that read objects of S3 have in common: where objects are, who may read them, and how many at a time. */
import { awsCredentials } from "../../delivery/aws-credentials.ts";
import { endpointOf, regionOf } from "../../delivery/aws-endpoints.ts";
import { createHttpClient, type HttpClient } from "../../delivery/http.ts";
import { s3Authorizer, s3Url } from "../../delivery/s3.ts";
import type { AwsCredentials } from "../../delivery/sigv4.ts";
import { userAgent } from "../../delivery/user-agent.ts";
import type { Needs } from "../../graph/component.ts";
import type { ObjectCreated, ObjectSelection } from "../../graph/trigger.ts";
import { partition } from "../remote/aws/client.ts";

export interface ObjectsOptions {
  /** Empty: that of the event, or of the function. */
  readonly region: string;
  /** Empty: where AWS has it, or as the variables of its SDKs say. */
  readonly endpoint: string;
  readonly pathStyle: boolean;
  /** @default those of the function's role */
  readonly credentials?: (region: string) => () => Promise<AwsCredentials>;
}

/** What a reader needs to ask for an object. */
export interface ObjectSource {
  readonly client: HttpClient;
  readonly url: URL;
}

/** Opens objects; connections are kept by region. */
export class ObjectClients {
  readonly #options: ObjectsOptions;
  readonly #clients = new Map<string, HttpClient>();

  constructor(options: ObjectsOptions) {
    this.#options = options;
  }

  of({ bucket, key, versionId, region: told }: ObjectCreated): ObjectSource {
    const { region: set, endpoint, pathStyle } = this.#options;
    const region = set || told || regionOf("");
    const place = endpointOf(endpoint, "S3");
    if (region === "" && place === undefined)
      throw new Error("region should be set where neither an event nor AWS_REGION tells it, got none");
    const url = s3Url({ bucket, key }, { endpoint: place, pathStyle, region });
    if (versionId !== undefined) url.searchParams.set("versionId", versionId);
    return { client: this.#client(region || "us-east-1"), url };
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #client(region: string): HttpClient {
    const known = this.#clients.get(region);
    if (known) return known;
    const credentials = this.#options.credentials?.(region) ?? ownCredentials(region);
    const client = createHttpClient({
      authorize: s3Authorizer({ region, credentials }),
      headers: { "user-agent": userAgent },
    });
    this.#clients.set(region, client);
    return client;
  }
}

function ownCredentials(region: string): () => Promise<AwsCredentials> {
  const stsUrl = endpointOf("", "STS");
  return awsCredentials({ region, ...(stsUrl !== undefined && { stsUrl }) });
}

/** What the function must be allowed. Who may not list a bucket is told of missing objects only that it may not read them. */
export const objectNeeds = (buckets: readonly ObjectSelection[]): NonNullable<Needs["permissions"]> =>
  buckets.flatMap(({ bucket, prefix = "" }) => {
    const arn = `arn:${partition}:s3:::${bucket}`;
    return [
      { action: "s3:GetObject", resource: `${arn}/${prefix}*` },
      { action: "s3:GetObjectVersion", resource: `${arn}/${prefix}*` },
      { action: "s3:ListBucket", resource: arn },
    ];
  });

/** Lets some work go on at a time; what comes later waits in its order. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>(resolve => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

/** Calls to one table of DynamoDB, each repeated until it is done or its time is over. */
import { environmentCredentials } from "../delivery/aws-credentials.ts";
import { awsDomain, endpointOf, regionOf } from "../delivery/aws-endpoints.ts";
import { type AwsJsonClient, awsJsonClient, refusalOf } from "../delivery/aws-json.ts";
import { DeliveryError } from "../delivery/errors.ts";
import { type DeliverOptions, deliver } from "../delivery/retry.ts";
import type { Item, ItemKey } from "./dynamodb-items.ts";

export interface TableOptions {
  readonly table: string;
  /** @default AWS_REGION or AWS_DEFAULT_REGION */
  readonly region?: string;
  /** @default AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, or where AWS has it */
  readonly endpoint?: string;
  /** For an operation, all its requests and waits included. @default 5_000 */
  readonly timeoutMs?: number;
  /** For one request. @default 2_000 */
  readonly attemptMs?: number;
  /** The wall clock of waits. @default Date.now */
  readonly now?: () => number;
  /** @default Math.random */
  readonly random?: () => number;
  readonly sleep?: DeliverOptions["sleep"];
}

/** The answer to a write whose condition did not hold. */
export const conditionFailed = Symbol("the condition of a write did not hold");

const service = { name: "dynamodb", target: "DynamoDB_20120810", version: "1.0" } as const;
const maxAnswerBytes = 32 * 1024 * 1024; // 16 MB, in base64
/** Full jitter: any wait up to the doubled one. */
const policy = { minMs: 50, maxMs: 2000, spread: [0, 1] } as const;

const mayPass: ReadonlySet<string> = new Set([
  "InternalServerError",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ReplicatedWriteConflictException",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "Throttling",
  "ThrottlingException",
  "TransactionConflictException",
]);

/** Requests to write in a batch, and their bytes. */
const maxBatch = { reads: 100, writes: 25, bytes: 4_000_000 };
const parallel = 8;

export class DynamoDbTable {
  readonly #name: string;
  readonly #client: AwsJsonClient;
  readonly #attemptMs: number;
  readonly #timeoutMs: number;
  readonly #options: Pick<DeliverOptions, "random" | "sleep">;
  readonly #now: () => number;

  constructor({ table, timeoutMs = 5000, attemptMs = 2000, now = Date.now, ...options }: TableOptions) {
    const region = regionOf(options.region ?? "");
    if (region === "")
      throw new Error("state in DynamoDB should have a region, from AWS_REGION or AWS_DEFAULT_REGION, got none");
    const url = endpointOf(options.endpoint ?? "", "DYNAMODB") ?? `https://dynamodb.${region}.${awsDomain(region)}/`;
    const { random = Math.random, sleep } = options;
    this.#name = table;
    this.#attemptMs = attemptMs;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#options = { random, ...(sleep && { sleep }) };
    const credentials = environmentCredentials; // a function has no others
    this.#client = awsJsonClient({ url, region, service, credentials, timeoutMs: attemptMs, maxBytes: maxAnswerBytes });
  }

  /** When an operation that starts now must be done. */
  deadline(): number {
    return this.#now() + this.#timeoutMs;
  }

  /** Calls an action on the table. */
  async call(action: string, input: object, deadline: number): Promise<Answer | typeof conditionFailed> {
    return this.#repeat(action, deadline, timeoutMs =>
      this.#attempt(action, { TableName: this.#name, ...input }, timeoutMs),
    );
  }

  /** Reads items, whatever their number; those that do not exist are not in the answer. */
  async getItems(keys: readonly ItemKey[], deadline: number): Promise<Item[]> {
    const found: Item[] = [];
    await eachOf(
      chunks(keys, maxBatch.reads, () => 0),
      async chunk => {
        let left: readonly unknown[] = chunk;
        await this.#repeat("BatchGetItem", deadline, async timeoutMs => {
          const request = { [this.#name]: { Keys: left, ConsistentRead: true } };
          const answer = await this.#attempt("BatchGetItem", { RequestItems: request }, timeoutMs);
          const { Responses, UnprocessedKeys } = answer as BatchAnswer; // batches have no conditions
          found.push(...(Responses?.[this.#name] ?? []));
          left = UnprocessedKeys?.[this.#name]?.Keys ?? [];
          if (left.length) throw unprocessed("BatchGetItem", left.length, chunk.length);
        });
      },
    );
    return found;
  }

  putItems(items: readonly Item[], deadline: number): Promise<void> {
    return this.#write(
      items.map(item => ({ PutRequest: { Item: item } })),
      deadline,
    );
  }

  deleteItems(keys: readonly ItemKey[], deadline: number): Promise<void> {
    return this.#write(
      keys.map(key => ({ DeleteRequest: { Key: key } })),
      deadline,
    );
  }

  close(): void {
    this.#client.close();
  }

  async #write(requests: readonly object[], deadline: number): Promise<void> {
    await eachOf(chunks(requests, maxBatch.writes, sizeOf), async chunk => {
      let left: readonly unknown[] = chunk;
      await this.#repeat("BatchWriteItem", deadline, async timeoutMs => {
        const answer = await this.#attempt("BatchWriteItem", { RequestItems: { [this.#name]: left } }, timeoutMs);
        left = (answer as BatchAnswer).UnprocessedItems?.[this.#name] ?? []; // batches have no conditions
        if (left.length) throw unprocessed("BatchWriteItem", left.length, chunk.length);
      });
    });
  }

  /** Tries until it works, the deadline comes, or there is no hope. */
  async #repeat<T>(action: string, deadline: number, attempt: (timeoutMs: number) => Promise<T>): Promise<T> {
    try {
      return await deliver(({ remainingMs }) => attempt(Math.max(1, Math.min(this.#attemptMs, remainingMs))), {
        ...this.#options,
        policy,
        deadline,
        now: this.#now,
      });
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.kind !== "retry") throw error;
      const { message, status, retryAfterMs } = error;
      throw new DeliveryError(
        `state table ${JSON.stringify(this.#name)}: ${action} did not succeed within ${this.#timeoutMs} ms: ${message}`,
        { kind: "retry", status, retryAfterMs, cause: error },
      );
    }
  }

  async #attempt(action: string, input: object, timeoutMs: number): Promise<Answer | typeof conditionFailed> {
    const answer = await this.#client.send(action, input, { timeoutMs });
    const { status, fields, code } = answer;
    if (status === 200 && fields) return fields as Answer; // as DynamoDB's reference has it
    if (code === "ConditionalCheckFailedException") return conditionFailed;
    const message = refusalOf(action, answer);
    if (status >= 500 || status === 429 || status === 200 || mayPass.has(code))
      throw new DeliveryError(message, { kind: "retry", status });
    throw new Error(`state table ${JSON.stringify(this.#name)}: ${message}`);
  }
}

/** Those fields of answers that are read. */
export interface Answer {
  readonly Item?: Item;
  readonly Attributes?: Item;
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: ItemKey;
}

interface BatchAnswer {
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>;
  readonly UnprocessedItems?: Readonly<Record<string, readonly unknown[]>>;
}

const unprocessed = (action: string, left: number, all: number) =>
  new DeliveryError(`${action} left ${left} of ${all} items for later`, { kind: "retry" });

/** Bytes of a write, roughly: only its value may be large. */
function sizeOf(request: object): number {
  const { PutRequest } = request as {
    readonly PutRequest?: { readonly Item: { readonly value?: { readonly B?: string } } };
  }; // made above
  return PutRequest?.Item.value?.B?.length ?? 0;
}

/** Cuts a list where a number or a size is reached. */
function chunks<T>(items: readonly T[], max: number, size: (item: T) => number): T[][] {
  const all: T[][] = [];
  let last: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = size(item);
    if (!all.length || last.length === max || bytes + more > maxBatch.bytes) {
      last = [];
      bytes = 0;
      all.push(last);
    }
    last.push(item);
    bytes += more;
  }
  return all;
}

/** Does the work of all, some at a time; after a failure nothing more is begun, and what was begun ends first. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const errors: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined && !errors.length; item = queue.shift()) {
      await work(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  if (errors.length) throw errors[0];
}

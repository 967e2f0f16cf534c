/** What the subscriber needs of CloudWatch Logs and of the tagging service, paged and with patience where they are asked too often. */
import { environmentCredentials } from "../../../lib/pipeline/delivery/aws-credentials.ts";
import { awsDomain, endpointOf } from "../../../lib/pipeline/delivery/aws-endpoints.ts";
import { awsJsonClient, refusalOf } from "../../../lib/pipeline/delivery/aws-json.ts";
import { DeliveryError } from "../../../lib/pipeline/delivery/errors.ts";
import { deliver, type RetryPolicy } from "../../../lib/pipeline/delivery/retry.ts";
import type { Tags } from "./selection.ts";

export interface LogGroup {
  readonly name: string;
  /** Without `:*` at its end. */
  readonly arn: string;
  /** Groups of other classes can't be subscribed. */
  readonly isStandard: boolean;
}

export interface LogGroupPage {
  readonly groups: readonly LogGroup[];
  /** Where the next page begins; `undefined` at the end. */
  readonly next: string | undefined;
}

export interface Filter {
  readonly name: string;
  readonly destination: string;
  readonly pattern: string;
}

/** A refusal, with the name that AWS gives it. */
export class LogsError extends DeliveryError {
  readonly code: string;
  constructor(
    message: string,
    options: { readonly kind: "retry" | "reject"; readonly status: number; readonly code: string },
  ) {
    super(message, options);
    this.code = options.code;
  }
}

export interface LogsApiOptions {
  readonly region: string;
  /** Milliseconds since the epoch, after which nothing is tried again. */
  readonly deadline: number;
  /** @default half a second, doubled up to 8 seconds */
  readonly policy?: RetryPolicy;
}

/** Quotas are a few calls a second for the whole account. */
const usualPolicy: RetryPolicy = { minMs: 500, maxMs: 8000, spread: [0.5, 1], maxRetries: 8 };

type Fields = Readonly<Record<string, unknown>>;

export class LogsApi {
  readonly #logs: Call;
  readonly #tagging: Call;

  constructor(options: LogsApiOptions) {
    this.#logs = caller(options, { name: "logs", target: "Logs_20140328", variable: "CLOUDWATCH_LOGS" });
    this.#tagging = caller(options, {
      name: "tagging",
      target: "ResourceGroupsTaggingAPI_20170126",
      variable: "RESOURCE_GROUPS_TAGGING_API",
    });
  }

  /** A page of the log groups of the account. */
  async groups(nextToken: string | undefined): Promise<LogGroupPage> {
    const answer = await this.#logs("DescribeLogGroups", { limit: 50, nextToken });
    return { groups: listOf(answer, "logGroups").map(groupOf), next: textIn(answer, "nextToken") };
  }

  /** A log group by its name; `undefined` where there is none. */
  async group(name: string): Promise<LogGroup | undefined> {
    const answer = await this.#logs("DescribeLogGroups", { logGroupNamePrefix: name });
    return listOf(answer, "logGroups") // by name: the shortest with this beginning is the first
      .map(groupOf)
      .find(group => group.name === name);
  }

  async tags({ arn }: LogGroup): Promise<Tags> {
    const { tags } = await this.#logs("ListTagsForResource", { resourceArn: arn });
    return (tags ?? {}) as Tags; // as its documentation has it
  }

  /** Tags of all log groups that have these, by the names of the groups. */
  async tagged(tags: Tags): Promise<ReadonlyMap<string, Tags>> {
    const TagFilters = Object.entries(tags).map(([Key, value]) => ({ Key, ...(value !== "*" && { Values: [value] }) }));
    const found = new Map<string, Tags>();
    let PaginationToken: string | undefined;
    do {
      const answer = await this.#tagging("GetResources", {
        ResourceTypeFilters: ["logs"],
        ResourcesPerPage: 100,
        TagFilters,
        PaginationToken,
      });
      for (const each of listOf(answer, "ResourceTagMappingList")) {
        const name = nameIn(String(each["ResourceARN"]));
        if (name) found.set(name, Object.fromEntries(listOf(each, "Tags").map(({ Key, Value }) => [Key, Value])));
      }
      PaginationToken = textIn(answer, "PaginationToken");
    } while (PaginationToken !== undefined);
    return found;
  }

  /** Subscriptions of a group; there are two at most. */
  async filters({ name }: LogGroup): Promise<readonly Filter[]> {
    const answer = await this.#logs("DescribeSubscriptionFilters", { logGroupName: name });
    return listOf(answer, "subscriptionFilters").map(({ filterName, destinationArn, filterPattern }) => ({
      name: String(filterName),
      destination: String(destinationArn),
      pattern: typeof filterPattern === "string" ? filterPattern : "",
    }));
  }

  /** Makes a subscription, or changes that of the same name. */
  async put(
    { name }: LogGroup,
    { name: filterName, destination: destinationArn, pattern: filterPattern }: Filter,
  ): Promise<void> {
    await this.#logs("PutSubscriptionFilter", { logGroupName: name, filterName, destinationArn, filterPattern });
  }

  async remove({ name }: LogGroup, { name: filterName }: Filter): Promise<void> {
    await this.#logs("DeleteSubscriptionFilter", { logGroupName: name, filterName });
  }
}

/** `/aws/lambda/a` of `arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a:*`; empty where it is the ARN of something else. */
export const nameIn = (arn: string): string => /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)/.exec(arn)?.[1] ?? "";

const groupOf = ({ logGroupName, arn, logGroupArn, logGroupClass = "STANDARD" }: Fields): LogGroup => ({
  name: String(logGroupName),
  arn: String(logGroupArn ?? arn).replace(/:\*$/, ""),
  isStandard: logGroupClass === "STANDARD",
});

const listOf = (fields: Fields, name: string): readonly Fields[] => {
  const list = fields[name];
  return Array.isArray(list) ? list : [];
};

/** Empty tokens are none. */
const textIn = (fields: Fields, name: string): string | undefined => {
  const text = fields[name];
  return typeof text === "string" && text !== "" ? text : undefined;
};

type Call = (action: string, input: object) => Promise<Fields>;

interface Service {
  readonly name: string;
  readonly target: string;
  /** Its part of the variables that say where it is. */
  readonly variable: string;
}

function caller({ region, deadline, policy = usualPolicy }: LogsApiOptions, { name, target, variable }: Service): Call {
  const client = awsJsonClient({
    url: endpointOf("", variable) ?? `https://${name}.${region}.${awsDomain(region)}/`,
    region,
    service: { name, target },
    credentials: environmentCredentials,
    timeoutMs: 10_000,
    maxBytes: 4 << 20,
  });
  return (action, input) =>
    deliver(
      async () => {
        const answer = await client.send(action, input);
        const { status, code, fields = {} } = answer;
        if (status === 200) return fields;
        const passes = status >= 500 || status === 429 || /Throttl|OperationAborted|ServiceUnavailable/.test(code);
        throw new LogsError(refusalOf(action, answer), { kind: passes ? "retry" : "reject", status, code });
      },
      { policy, deadline },
    );
}

/** A function that reads objects of buckets, whose notifications come through a queue. */
import { Annotations, Duration } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Bucket, EventType, type IBucket } from "aws-cdk-lib/aws-s3";
import { SqsDestination } from "aws-cdk-lib/aws-s3-notifications";
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";

/** Which objects of a bucket to read. */
export interface ObjectSelectionProps {
  /**
   * How keys begin.
   * @default all keys
   */
  readonly prefix?: string;
  /**
   * How keys end.
   * @default all keys
   */
  readonly suffix?: string;
}

/**
 * Decompression takes a processor, and a whole core is had at 1769 MB: less memory makes it longer, not cheaper. What is packed
 * as one has to be unpacked from its begin when an invocation goes on with it, so few long ones are better than many short ones.
 */
export const objectsDefaults = { memory: 1769, timeout: Duration.minutes(5) } as const;

/** Times that an event is tried before it is set aside. */
const maxReceiveCount = 5;

export interface ObjectsFunctionProps extends CollectorFunctionProps {
  readonly maximumConcurrency: number | undefined;
}

export class ObjectsFunction extends CollectorFunction {
  /** Takes notifications of buckets, and from the function what is left of an object. */
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: ObjectsFunctionProps) {
    super(scope, id, props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(props.timeout.toSeconds() * 6), // AWS' advice, so that throttled batches are not seen twice
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount },
    });
    const triggers = possibleTriggers(props.graph, "objects").map(({ trigger }) => trigger);
    const given = new Set(triggers.flatMap(({ queue }) => queue ?? []));
    const named = [...given].map(arn => Queue.fromQueueArn(this, `Queue ${arn}`, arn));
    for (const queue of [this.queue, ...named]) this.#addQueue(queue, props);
    const wanted = triggers.flatMap(({ buckets, queue }) => (queue === undefined ? buckets : []));
    for (const [name, selections] of Map.groupBy(wanted, ({ bucket }) => bucket)) {
      const bucket = Bucket.fromBucketName(this, `Bucket ${name}`, name);
      // components may read the same objects, and a bucket has one notification for them
      for (const selection of withoutDoubles(selections)) this.#notify(bucket, selection);
    }
    if (!triggers.some(({ buckets }) => buckets.length))
      Annotations.of(this).addInfo("no component names a bucket: add those to read with addBucket");
  }

  /** Reads new objects of one more bucket. */
  addBucket(bucket: Bucket | IBucket, selection: ObjectSelectionProps = {}): void {
    this.#notify(bucket, selection);
    const resources = [bucket.arnForObjects(`${selection.prefix ?? ""}*`)];
    const actions = ["s3:GetObject", "s3:GetObjectVersion"];
    this.function.addToRolePolicy(new PolicyStatement({ actions, resources }));
    // who may not list a bucket is told of missing objects only that it may not read them
    this.function.addToRolePolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }));
    bucket.encryptionKey?.grantDecrypt(this.function);
  }

  #notify(bucket: Bucket | IBucket, { prefix = "", suffix = "" }: ObjectSelectionProps): void {
    const filter = { ...(prefix && { prefix }), ...(suffix && { suffix }) };
    const filters = prefix || suffix ? [filter] : []; // one that says nothing is refused
    bucket.addEventNotification(EventType.OBJECT_CREATED, new SqsDestination(this.queue), ...filters);
  }

  #addQueue(queue: IQueue, { maximumConcurrency, reservedConcurrency }: ObjectsFunctionProps): void {
    const maxConcurrency = maximumConcurrency ?? Math.max(2, Math.min(10, reservedConcurrency ?? 10));
    this.function.addEventSource(new SqsEventSource(queue, { reportBatchItemFailures: true, maxConcurrency }));
    // what is left of an object
    const statement = new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] });
    this.function.addToRolePolicy(statement);
  }
}

/** S3 refuses two notifications of which one has the objects of the other. */
function withoutDoubles(selections: readonly ObjectSelectionProps[]): readonly ObjectSelectionProps[] {
  const contains = (a: ObjectSelectionProps, b: ObjectSelectionProps) =>
    (b.prefix ?? "").startsWith(a.prefix ?? "") && (b.suffix ?? "").endsWith(a.suffix ?? "");
  return selections.filter(
    (each, i) => !selections.some((other, j) => j !== i && contains(other, each) && (!contains(each, other) || j < i)),
  );
}

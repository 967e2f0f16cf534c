/** A function that reads objects of buckets, whose notifications come through a queue. */
import { Lazy, Stack, Validations } from "aws-cdk-lib";
import {
  Bucket,
  EventType,
  type IBucket,
  type IBucketNotificationDestination,
  type IBucketRef,
} from "aws-cdk-lib/aws-s3";
import { SqsDestination } from "aws-cdk-lib/aws-s3-notifications";
import { type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { connectableTo, idOf, permissionsFor } from "./connect.ts";
import { allow } from "./permissions.ts";

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

export class ObjectsFunction extends CollectorFunction {
  /** Takes notifications of buckets, and from the function what is left of an object. */
  readonly queue: IQueue;
  #destination: IBucketNotificationDestination | undefined;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "objects", props);
    const queue = this.queues.get("objects");
    if (!queue) throw new Error(`${this.node.path} should have a queue, got none`);
    this.queue = queue;
    for (const source of this.sources)
      this.pollQueue(
        source.from === "${queue:objects}"
          ? queue
          : Queue.fromQueueArn(this, `Queue ${idOf(this, source.from)}`, this.resolve(source.from)),
        source,
      );
    for (const [name, notifications] of Map.groupBy(props.plan.notifications, each => each.bucket)) {
      const bucket = Bucket.fromBucketName(this, `Bucket ${idOf(this, name)}`, name);
      for (const notification of notifications) this.#notify(bucket, notification);
    }
  }

  /** Reads new objects of one more bucket. */
  addBucket(bucket: Bucket | IBucket, selection: ObjectSelectionProps = {}): void {
    this.#notify(bucket, selection);
    const { places, plan } = this.props;
    const name = `source:${bucket.node.addr}`;
    places.set(name, bucket.bucketArn, bucket.encryptionKey);
    allow(this.role, permissionsFor(connectableTo(plan, "s3"), `\${${name}}`, selection.prefix), places);
  }

  #notify(bucket: Bucket | IBucket, { prefix = "", suffix = "" }: ObjectSelectionProps): void {
    const filter = { ...(prefix && { prefix }), ...(suffix && { suffix }) };
    const filters = prefix || suffix ? [filter] : []; // one that says nothing is refused
    this.#destination ??= this.#toQueue();
    bucket.addEventNotification(EventType.OBJECT_CREATED, this.#destination, ...filters);
    this.#acknowledgeHelper();
  }

  /** The queue, with one statement of its policy for all buckets: a policy of SQS has room for 20 with 10 conditions. */
  #toQueue(): IBucketNotificationDestination {
    const arns = new Set<string>();
    const bucketArn = Lazy.any({ produce: () => [...arns] });
    const all = { bucketRef: { bucketArn } } as unknown as IBucketRef; // only the ARN is asked for, as a condition
    const config = new SqsDestination(this.queue).bind(this, all);
    return {
      bind(_, bucket) {
        arns.add(bucket.bucketRef.bucketArn);
        return config;
      },
    };
  }

  /** The function of CDK's library that sets notifications, one in a stack, may write its log by a policy of AWS. */
  #acknowledgeHelper(): void {
    const handler = Stack.of(this).node.children.find(({ node }) => node.id.startsWith("BucketNotificationsHandler"));
    const role = handler?.node.tryFindChild("Role");
    if (!role) return;
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason: "It is of CDK's library, and runs only in deployments, to set the notifications of buckets",
    });
  }
}

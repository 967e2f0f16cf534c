/** A function that takes records of Kinesis data streams. */
import { Annotations, ArnFormat, Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type IStream, Stream } from "aws-cdk-lib/aws-kinesis";
import { StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";
import { isPattern, namesOf } from "./triggers.ts";

export interface StreamFunctionProps extends CollectorFunctionProps {
  /** Batches of a shard that are worked on at the same time, from 1 to 10; records of one partition key stay in order. */
  readonly parallelization: number | undefined;
}

/** Times that a batch is tried again: a shard stands still meanwhile. */
const retryAttempts = 10;
/** As long as a stream keeps records where nobody says otherwise. */
const maxRecordAge = Duration.days(1);

export class StreamFunction extends CollectorFunction {
  /** Keeps which records failed too often; the stream itself keeps the records, for a day or longer. */
  readonly deadLetterQueue: IQueue;
  readonly #parallelization: number;

  constructor(scope: Construct, id: string, props: StreamFunctionProps) {
    super(scope, id, props);
    this.#parallelization = props.parallelization ?? 1;
    if (this.#parallelization < 1 || this.#parallelization > 10)
      throw new Error(`parallelization should be from 1 to 10, got ${this.#parallelization}`);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    for (const name of namesOf(props.graph, "stream"))
      if (isPattern(name)) noteOfPattern(this, props.graph, "stream", name);
      else this.addStream(Stream.fromStreamArn(this, `Stream ${name}`, arnOf(this, "stream", name)));
  }

  /** Takes records of one more stream. */
  addStream(stream: IStream): void {
    const { streamArn } = stream;
    this.function.addToRolePolicy(new PolicyStatement({ actions: reads, resources: [streamArn] }));
    stream.encryptionKey?.grantDecrypt(this.function);
    this.function.addEventSourceMapping(`From ${stream.node.addr}`, {
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.LATEST,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts,
      maxRecordAge,
      parallelizationFactor: this.#parallelization,
      onFailure: new SqsDlq(this.deadLetterQueue),
    });
  }
}

/** What Lambda needs to read a stream with the function's role; the library's own grant has more. */
const reads = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];

/** The ARN of a name in the stack's account and region; an ARN is what it is. */
export function arnOf(scope: Construct, kind: "queue" | "stream" | "topic", name: string): string {
  if (name.startsWith("arn:")) return name;
  const stack = Stack.of(scope);
  return kind === "stream"
    ? stack.formatArn({ service: "kinesis", resource: "stream", resourceName: name })
    : stack.formatArn({
        service: kind === "queue" ? "sqs" : "sns",
        resource: name,
        arnFormat: ArnFormat.NO_RESOURCE_NAME,
      });
}

/** Tells of a pattern, which no event source can be made of. */
export function noteOfPattern(
  scope: Construct,
  graph: CollectorFunctionProps["graph"],
  kind: "queue" | "stream" | "topic",
  pattern: string,
): void {
  const takers = possibleTriggers(graph, kind).filter(({ trigger }) => trigger.from?.includes(pattern));
  Annotations.of(scope).addInfo(
    `${takers.map(({ component }) => component).join(", ")} takes the ${kind}s ${pattern}, but an event source needs a name: add them`,
  );
}

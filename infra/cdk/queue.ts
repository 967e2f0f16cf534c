/** A function that takes messages of a queue. */
import { Annotations, Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { CfnQueue, type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";
import { arnOf, noteOfPattern } from "./stream.ts";
import { isPattern, namesOf } from "./triggers.ts";

export interface QueueFunctionProps extends CollectorFunctionProps {
  readonly maximumConcurrency: number | undefined;
  readonly queue: IQueue | undefined;
}

const defaultMaximumConcurrency = 10;

/** Times that a message is tried before it is set aside: what is wrong with it now will be wrong again. */
const maxReceiveCount = 5;

export class QueueFunction extends CollectorFunction {
  readonly queue: IQueue;
  /** `undefined` where the user brought the queue, or the configuration names all: their dead letters are their owners'. */
  readonly deadLetterQueue: IQueue | undefined;
  readonly #maximumConcurrency: number;

  constructor(scope: Construct, id: string, props: QueueFunctionProps) {
    super(scope, id, props);
    const { reservedConcurrency = Number.POSITIVE_INFINITY } = props;
    this.#maximumConcurrency = props.maximumConcurrency ?? Math.min(defaultMaximumConcurrency, reservedConcurrency);
    if (this.#maximumConcurrency < 2 || this.#maximumConcurrency > Math.min(1000, reservedConcurrency))
      throw new Error(
        `maximumConcurrency should be from 2 to ${Math.min(1000, reservedConcurrency)}, got ${this.#maximumConcurrency}: messages that a function has no room for count as failed`,
      );
    const named = this.#namedQueues(props);
    const [first] = named;
    const others = props.queue || (first && !takesAny(props));
    this.deadLetterQueue = others ? undefined : deadLetterQueue(this, "DeadLetters");
    this.queue = props.queue ?? (first && others ? first : this.#createQueue(props.timeout));
    for (const queue of new Set([this.queue, ...named])) this.addQueue(queue);
  }

  /** Queues that components name, which others have made. */
  #namedQueues({ graph }: QueueFunctionProps): IQueue[] {
    return namesOf(graph, "queue").flatMap(name => {
      if (!isPattern(name)) return Queue.fromQueueArn(this, `Queue ${name}`, arnOf(this, "queue", name));
      noteOfPattern(this, graph, "queue", name);
      return [];
    });
  }

  /** Takes messages of one more queue. */
  addQueue(queue: IQueue): void {
    checkVisibility(this, queue, this.function.timeout);
    this.function.addEventSource(
      new SqsEventSource(queue, { reportBatchItemFailures: true, maxConcurrency: this.#maximumConcurrency }),
    );
  }

  #createQueue(timeout: Duration): Queue {
    return new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * 6), // AWS' advice, so that throttled batches are not seen twice
      ...(this.deadLetterQueue && { deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount } }),
    });
  }
}

/** Whether a component takes messages of a queue that has no name yet. */
const takesAny = ({ graph }: QueueFunctionProps): boolean =>
  possibleTriggers(graph, "queue").some(({ trigger }) => !trigger.from?.length);

/** Warns of a queue that shows messages again while the function still works on them; of a queue that is only a name nothing is known. */
function checkVisibility(scope: Construct, queue: IQueue, timeout: Duration | undefined): void {
  const resource = queue.node.defaultChild;
  if (!timeout || !(resource instanceof CfnQueue)) return;
  const seconds = resource.visibilityTimeout ?? 30;
  if (seconds < timeout.toSeconds())
    throw new Error(
      `visibility timeout of ${queue.node.path} should be at least the function's timeout of ${timeout.toSeconds()} seconds, better six times that, got ${seconds}`,
    );
  if (seconds < timeout.toSeconds() * 6)
    Annotations.of(scope).addWarningV2(
      "amalgam:visibility-timeout",
      `visibility timeout of ${queue.node.path} should be six times the function's timeout (${timeout.toSeconds() * 6} seconds), got ${seconds}`,
    );
}

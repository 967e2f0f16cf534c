/** A function that takes messages of a queue. */
import { Annotations, type Duration } from "aws-cdk-lib";
import { CfnQueue, type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { connectableTo, idOf, permissionsFor } from "./connect.ts";
import { allow } from "./permissions.ts";

export interface QueueFunctionProps extends CollectorFunctionProps {
  /** In the place of the one that the plan has. */
  readonly queue: IQueue | undefined;
}

export class QueueFunction extends CollectorFunction {
  readonly queue: IQueue;

  constructor(scope: Construct, id: string, props: QueueFunctionProps) {
    const { queue, places, plan } = props;
    if (queue) places.set("queue:queue", queue.queueArn, queue.encryptionMasterKey);
    super(scope, id, "queue", props);
    const planned = this.sources.map(source => {
      const own = source.from === "${queue:queue}" ? (queue ?? this.queues.get("queue")) : undefined;
      return {
        source,
        from: own ?? Queue.fromQueueArn(this, `Queue ${idOf(this, source.from)}`, this.resolve(source.from)),
      };
    });
    for (const { source, from } of planned) {
      checkVisibility(this, from, this.timeout);
      this.pollQueue(from, source);
    }
    const [first] = planned;
    if (queue && !plan.queues.some(each => each.id === "queue")) this.addQueue(queue);
    const own = queue ?? first?.from;
    if (!own) throw new Error(`${this.node.path} should have a queue, got none`);
    this.queue = own;
  }

  override get watchedQueues(): ReadonlyMap<string, IQueue> {
    return new Map([...this.queues, ["queue", this.queue]]);
  }

  /** Takes messages of one more queue. */
  addQueue(queue: IQueue): void {
    checkVisibility(this, queue, this.timeout);
    const { eventSource, ...needs } = connectableTo(this.props.plan, "sqs");
    const { places } = this.props;
    const name = `source:${queue.node.addr}`;
    places.set(name, queue.queueArn, queue.encryptionMasterKey);
    allow(this.role, permissionsFor(needs, `\${${name}}`), places);
    this.pollQueue(queue, eventSource ?? {});
  }
}

/** Warns of a queue that shows messages again while the function still works on them; of a queue that is only a name nothing is known. */
function checkVisibility(scope: Construct, queue: IQueue, timeout: Duration): void {
  const resource = queue.node.defaultChild;
  if (!(resource instanceof CfnQueue)) return;
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

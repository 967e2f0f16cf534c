/** A function that delivers what others could not deliver in time, from the queue in which they have put it. */
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";

export class HandOverFunction extends CollectorFunction {
  /** What waits for a backend; the other functions may send to it. */
  readonly queue: IQueue;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "hand-over", props);
    const queue = this.queues.get("hand-over");
    if (!queue) throw new Error(`${this.node.path} should have a queue, got none`);
    this.queue = queue;
    for (const source of this.sources) this.pollQueue(queue, source);
  }
}

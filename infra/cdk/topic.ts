/** A function that topics of SNS call. */
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { LambdaSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { connectableTo, idOf } from "./connect.ts";
import { allowService } from "./queues.ts";

export class TopicFunction extends CollectorFunction {
  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "topic", props);
    allowService(this, props.encryptionKey, "sns.amazonaws.com");
    for (const { arn, deadLetters } of props.plan.topics)
      this.#subscribe(Topic.fromTopicArn(this, `Topic ${idOf(this, arn)}`, this.resolve(arn)), deadLetters);
  }

  /** Subscribes to one more topic, which then may call the function. */
  addTopic(topic: ITopic): void {
    this.#subscribe(topic, connectableTo(this.props.plan, "sns").deadLetters);
  }

  #subscribe(topic: ITopic, deadLetters: string | undefined): void {
    const deadLetterQueue = deadLetters === undefined ? undefined : this.queues.get(deadLetters);
    topic.addSubscription(new LambdaSubscription(this.function, deadLetterQueue ? { deadLetterQueue } : {}));
  }
}

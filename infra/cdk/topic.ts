/** A function that topics of SNS call. */
import { Duration } from "aws-cdk-lib";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { LambdaSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";
import { arnOf, noteOfPattern } from "./stream.ts";
import { isPattern, namesOf } from "./triggers.ts";

export class TopicFunction extends CollectorFunction {
  /** Keeps notifications that Lambda did not take, and those on which the function failed. */
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.function.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 2,
      maxEventAge: Duration.hours(6), // the longest: events that find no free instance wait
    });
    for (const name of namesOf(props.graph, "topic"))
      if (isPattern(name)) noteOfPattern(this, props.graph, "topic", name);
      else this.addTopic(Topic.fromTopicArn(this, `Topic ${name}`, arnOf(this, "topic", name)));
  }

  /** Subscribes to one more topic, which then may call the function. */
  addTopic(topic: ITopic): void {
    topic.addSubscription(new LambdaSubscription(this.function, { deadLetterQueue: this.deadLetterQueue }));
  }
}

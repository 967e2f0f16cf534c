/** A function that rules of EventBridge call with events of a bus. */
import { Duration } from "aws-cdk-lib";
import { CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { BusRule } from "../../lib/pipeline/graph/trigger.ts";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";

const maxEventAge = Duration.hours(6);

export class BusFunction extends CollectorFunction {
  /** Keeps events that Lambda did not take, and those on which the function failed. */
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.function.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 2,
      maxEventAge,
    });
    for (const { component, trigger } of possibleTriggers(props.graph, "bus"))
      if (trigger.bus) this.#addRule(component, trigger.bus);
  }

  /** A rule for one component, whose name it puts beside the event: an event of two rules reaches each component once. */
  #addRule(component: string, { name, pattern }: BusRule): void {
    const rule = new CfnRule(this, `Rule ${component}`, {
      description: `Events for ${component}`,
      eventBusName: name,
      eventPattern: pattern,
      targets: [
        {
          id: "Function",
          arn: this.function.functionArn,
          deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: maxEventAge.toSeconds(), maximumRetryAttempts: 185 },
          inputTransformer: {
            inputTemplate: `{"amalgam":{"component":${JSON.stringify(component)}},"event":<aws.events.event.json>}`,
          },
        },
      ],
    });
    const principal = new ServicePrincipal("events.amazonaws.com");
    this.function.addPermission(`Rule ${component}`, { principal, sourceArn: rule.attrArn });
    this.deadLetterQueue.addToResourcePolicy(
      new PolicyStatement({
        principals: [principal],
        actions: ["sqs:SendMessage"],
        resources: [this.deadLetterQueue.queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": rule.attrArn } },
      }),
    );
  }
}

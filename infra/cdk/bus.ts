/** A function that rules of EventBridge call with events of a bus. */
import { CfnRule } from "aws-cdk-lib/aws-events";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { RulePlan } from "../resources.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { allowService } from "./queues.ts";

const service = "events.amazonaws.com";

export class BusFunction extends CollectorFunction {
  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "bus", props);
    allowService(this, props.encryptionKey, service);
    for (const rule of props.plan.rules) this.#addRule(rule);
  }

  /** A rule for one component, whose name it puts beside the event: an event of two rules reaches each component once. */
  #addRule({ id, bus, pattern, input, retries, maximumAgeSeconds, deadLetters }: RulePlan): void {
    const queueArn = this.arnOfQueue(deadLetters);
    const rule = new CfnRule(this, `Rule ${id}`, {
      description: `Events for ${id}`,
      eventBusName: this.resolve(bus),
      eventPattern: pattern,
      targets: [
        {
          id: "Function",
          arn: this.function.functionArn,
          deadLetterConfig: { arn: queueArn },
          retryPolicy: { maximumEventAgeInSeconds: maximumAgeSeconds, maximumRetryAttempts: retries },
          inputTransformer: { inputTemplate: input },
        },
      ],
    });
    const principal = new ServicePrincipal(service);
    this.function.addPermission(`Rule ${id}`, { principal, sourceArn: rule.attrArn });
    this.queues.get(deadLetters)?.addToResourcePolicy(
      new PolicyStatement({
        principals: [principal],
        actions: ["sqs:SendMessage"],
        resources: [queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": rule.attrArn } },
      }),
    );
  }
}

/** A function that EventBridge Scheduler calls for components that work on a clock. */
import { Annotations, Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";
import { triggersOf } from "./triggers.ts";

/** A run that is late is of no use: the next one comes by itself. */
const maxEventAge = Duration.minutes(1);

export class ScheduleFunction extends CollectorFunction {
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.function.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 0,
      maxEventAge,
    });
    const role = this.#createRole();
    for (const [component, seconds] of intervals(props)) this.#schedule(component, seconds, role);
  }

  #schedule(component: string, seconds: number, role: Role): void {
    const minutes = Math.max(1, Math.ceil(seconds / 60));
    if (minutes * 60 !== seconds)
      Annotations.of(this).addWarningV2(
        `amalgam:whole-minutes:${component}`,
        `${component} should run every ${seconds} seconds, but schedules have whole minutes: it runs every ${minutes === 1 ? "minute" : `${minutes} minutes`}`,
      );
    new Schedule(this, component, {
      description: `Runs ${component}`,
      schedule: ScheduleExpression.rate(Duration.minutes(minutes)),
      target: {
        bind: () => ({
          arn: this.function.functionArn,
          role,
          input: ScheduleTargetInput.fromObject({ amalgam: { schedule: component } }),
          retryPolicy: { maximumEventAgeInSeconds: maxEventAge.toSeconds(), maximumRetryAttempts: 2 },
        }),
      },
    });
  }

  #createRole(): Role {
    const role = new Role(this, "SchedulerRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    // the library's own target would allow every version and alias, too
    role.addToPolicy(
      new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [this.function.functionArn] }),
    );
    return role;
  }
}

/** Seconds of each component; an event names a component and runs all that it has, so the shortest counts. */
function intervals({ graph }: CollectorFunctionProps): Map<string, number> {
  const all = new Map<string, number>();
  for (const { component, trigger } of triggersOf(graph, "schedule"))
    all.set(component, Math.min(all.get(component) ?? trigger.everySeconds, trigger.everySeconds));
  return all;
}

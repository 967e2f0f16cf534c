/** A function that EventBridge Scheduler calls for components that work on a clock. */
import { Duration, Stack } from "aws-cdk-lib";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";

/** A run that is late is of no use: the next one comes by itself. */
const maxEventAge = Duration.minutes(1);

export class ScheduleFunction extends CollectorFunction {
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    const clocks = clocksOf(props);
    const loops = [...clocks.values()].some(({ forSeconds }) => forSeconds !== undefined);
    super(scope, id, loops ? { ...props, timeout: longer(props.timeout) } : props);
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    this.function.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 0,
      maxEventAge,
    });
    const role = this.#createRole();
    if (possibleTriggers(props.graph, "schedule").some(({ trigger }) => trigger.shards)) this.#allowItself();
    for (const [component, clock] of clocks) this.#schedule(component, clock, role);
  }

  #schedule(component: string, { minutes, forSeconds }: Clock, role: Role): void {
    const inside = forSeconds === undefined ? {} : { forSeconds, at: ContextAttribute.scheduledTime };
    new Schedule(this, component, {
      description: `Runs ${component}`,
      schedule: ScheduleExpression.rate(Duration.minutes(minutes)),
      target: {
        bind: () => ({
          arn: this.function.functionArn,
          role,
          input: ScheduleTargetInput.fromObject({ amalgam: { schedule: component, ...inside } }),
          retryPolicy: { maximumEventAgeInSeconds: maxEventAge.toSeconds(), maximumRetryAttempts: 2 },
        }),
      },
    });
  }

  /** Rounds that are too much for one invocation are split over several. In the role's own policy it would be a circle. */
  #allowItself(): void {
    const { role, functionArn } = this.function;
    new Policy(this, "InvokeItself", {
      roles: role ? [role] : [],
      statements: [new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [functionArn] })],
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

/** How often EventBridge calls for a component; `forSeconds`: it then runs at its own times up to the next call. */
interface Clock {
  readonly minutes: number;
  readonly forSeconds?: number;
}

/** Schedules have whole minutes: what has other intervals, or several, is called each minute and looks at the clock itself. */
function clocksOf({ graph }: CollectorFunctionProps): Map<string, Clock> {
  const seconds = new Map<string, Set<number>>();
  for (const { component, trigger } of possibleTriggers(graph, "schedule"))
    seconds.set(component, (seconds.get(component) ?? new Set()).add(trigger.everySeconds));
  return new Map(
    [...seconds].map(([component, all]) => {
      const [first = 60, ...others] = all;
      const isPlain = !others.length && first % 60 === 0;
      return [component, isPlain ? { minutes: first / 60 } : { minutes: 1, forSeconds: 60 }];
    }),
  );
}

/** The minute, and time for the last run in it. */
const longer = (timeout: Duration): Duration => Duration.seconds(Math.max(timeout.toSeconds(), 60) + 30);

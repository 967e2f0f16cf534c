/** A function that EventBridge Scheduler calls for components that work on a clock. */
import { Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import type { Construct } from "constructs";
import type { SchedulePlan } from "../resources.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";

/** Seconds that the last run inside of an invocation has. */
const lastRun = 30;

export class ScheduleFunction extends CollectorFunction {
  readonly #schedulerRole: Role;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "schedule", props);
    this.#schedulerRole = this.#createRole();
    for (const each of props.plan.schedules)
      this.#schedule(each.component, each, ScheduleExpression.rate(Duration.minutes(each.everyMinutes)));
  }

  /** The user's, but no shorter than the minute in which components run at their own times, and the last run in it. */
  override get timeout(): Duration {
    const { timeout, plan } = this.props;
    const longest = Math.max(0, ...plan.schedules.map(({ forSeconds = 0 }) => forSeconds));
    if (!timeout || !longest) return super.timeout;
    return Duration.seconds(Math.max(timeout.toSeconds(), longest) + lastRun);
  }

  /** Runs a component at one more time, once for each. */
  addSchedule(component: string, schedule: ScheduleExpression): void {
    const known = this.props.plan.schedules.map(each => each.component);
    if (!known.includes(component))
      throw new Error(`component should be one that works on a clock (${known.join(", ")}), got ${component}`);
    const count = this.node.children.filter(({ node }) => node.id.startsWith(`${component} `)).length;
    this.#schedule(`${component} ${count + 1}`, { component }, schedule);
  }

  #schedule(
    id: string,
    { component, forSeconds }: Pick<SchedulePlan, "component" | "forSeconds">,
    schedule: ScheduleExpression,
  ): void {
    const inside = forSeconds === undefined ? {} : { forSeconds, at: ContextAttribute.scheduledTime };
    const { functionArn } = this.function;
    new Schedule(this, id, {
      description: `Runs ${component}`,
      schedule,
      target: {
        bind: () => ({
          arn: functionArn,
          role: this.#schedulerRole,
          input: ScheduleTargetInput.fromObject({ amalgam: { schedule: component, ...inside } }),
          retryPolicy: {
            maximumEventAgeInSeconds: this.described.asyncInvoke?.maximumAgeSeconds ?? 60,
            maximumRetryAttempts: 2,
          },
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
    for (const { permissions } of this.props.plan.roles)
      for (const { actions, resource } of permissions)
        role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [this.resolve(resource)] }));
    return role;
  }
}

/** The CDK construct and the Terraform module make the alarms and the dashboard of the plan. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { App, CfnElement, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleStack } from "../../examples/cdk/examples.ts";
import { planResources, type ResourcePlan } from "../resources.ts";
import { Deployments, type State, type Values } from "../terraform/testing/deployment.ts";
import { hasTerraform } from "../terraform/testing/terraform.ts";

/** One sentence for each alarm, and for each line of the dashboard. */
interface Watching {
  readonly alarms: readonly string[];
  readonly dashboard: readonly string[];
}

interface AlarmFacts {
  readonly what: readonly string[];
  readonly how: string;
  readonly threshold: number;
  readonly minutes: string;
  readonly missing: string;
}

const alarm = ({ what, how, threshold, minutes, missing }: AlarmFacts): string =>
  `${what.length > 1 ? `${how} of ` : ""}${what.toSorted().join(", ")} >= ${threshold}, ${minutes}, ${missing}`;

const line = (title: string, name: string, axis = "left"): string => `${title}: ${name} (${axis})`;

function ofPlan({ alarms, dashboard }: ResourcePlan): Watching {
  return {
    alarms: alarms
      .map(each =>
        alarm({
          what: each.metrics.map(metric => [metric.namespace, metric.name, metric.statistic, metric.function ?? metric.queue].join(" ")), // biome-ignore format: a line
          how: each.combine,
          threshold: each.threshold,
          minutes: `${each.datapointsToAlarm} of ${each.evaluationPeriods}`,
          missing: "notBreaching",
        }),
      )
      .sort(),
    dashboard: dashboard
      .flat()
      .flatMap(widget =>
        widget.kind === "metrics"
          ? (["left", "right"] as const).flatMap(axis =>
              widget[axis].flatMap(
                series =>
                series.combine
                  ? [line(widget.title, series.label, axis)]
                  : series.metrics.map(metric => line(widget.title, `${metric.name} ${metric.statistic} of ${metric.function ?? metric.queue}`, axis)), // biome-ignore format: a line
              ),
            )
          : [line(widget.title, widget.kind === "alarms" ? "alarm" : "log")],
      )
      .sort(),
  };
}

/** Lines of a dashboard's body, whose form is CloudWatch's. */
const linesOf = (body: string, nameOf: (text: string) => string): string[] =>
  JSON.parse(body)
    .widgets.flatMap(({ type, properties }: Values) =>
      type !== "metric"
        ? [line(properties.title, type)]
        : properties.metrics.flatMap((row: readonly (string | Values)[]) => {
            const { visible = true, stat, yAxis, expression, label } = row.at(-1) as Values; // its last item are options
            if (!visible) return [];
            const name = expression ? label : `${row[1]} ${stat} of ${nameOf(String(row[3]))}`;
            return [line(properties.title, name, yAxis)];
          }),
    )
    .sort();

const howOf = (expression: string): string => /^(SUM|MAX)/.exec(expression)?.[1]?.toLowerCase() ?? "";

function ofState(state: State): Watching {
  const nameOf = (text: string) => text.replace(/^amalgam-/, "").replace(/\.fifo$/, "");
  return {
    alarms: Object.values(state.of("aws_cloudwatch_metric_alarm"))
      .map(of =>
        alarm({
          what: of["metric_query"].flatMap(
            ({ metric: [metric] }: Values) =>
            metric ? [[metric.namespace, metric.metric_name, metric.stat, nameOf(String(Object.values(metric.dimensions)[0]))].join(" ")] : [], // biome-ignore format: a line
          ),
          how: howOf(of["metric_query"].find(({ return_data }: Values) => return_data).expression),
          threshold: of["threshold"],
          minutes: `${of["datapoints_to_alarm"]} of ${of["evaluation_periods"]}`,
          missing: of["treat_missing_data"],
        }),
      )
      .sort(),
    dashboard: linesOf(state.of("aws_cloudwatch_dashboard")["amalgam"]?.["dashboard_body"], nameOf),
  };
}

const kebab = (name: string): string => name.replaceAll(/(?<!^)([A-Z])/g, "-$1").toLowerCase();

/** Names of the plan by the ids of a stack whose only collector is named `Collector`. */
function namesIn(stack: Stack): ReadonlyMap<string, string> {
  const elements = stack.node.findAll().filter(each => each instanceof CfnElement);
  return new Map(
    elements.map(each => {
      const [, kind = "", what] = /Collector\/(\w+)\/(\w+)\/Resource$/.exec(each.node.path) ?? [];
      return [String(stack.resolve(each.logicalId)), `${kebab(kind)}${what === "DeadLetters" ? "-dead-letters" : ""}`];
    }),
  );
}

function ofStack(stack: Stack): Watching {
  const names = namesIn(stack);
  const template = Template.fromStack(stack);
  const nameOf = (value: unknown): string => {
    const { Ref: ref, "Fn::GetAtt": attribute, "Fn::Join": join } = Object(value) as Values; // what a text can become
    if (join) return join[1].map(nameOf).join(join[0]);
    return ref || attribute ? (names.get(ref ?? attribute[0]) ?? "") : String(value);
  };
  const metricsOf = ({ Metrics, ...plain }: Values): readonly Values[] =>
    Metrics?.flatMap(({ MetricStat }: Values) =>
      MetricStat ? [{ ...MetricStat.Metric, Statistic: MetricStat.Stat }] : [],
    ) ?? [plain];
  const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(({ Properties: of }: Values) =>
    alarm({
      what: metricsOf(of).map(each => [each["Namespace"], each["MetricName"], each["Statistic"], nameOf(each["Dimensions"][0].Value)].join(" ")), // biome-ignore format: a line
      how: howOf(of["Metrics"]?.find(({ ReturnData = true }: Values) => ReturnData)?.Expression ?? ""),
      threshold: of["Threshold"],
      minutes: `${of["DatapointsToAlarm"] ?? of["EvaluationPeriods"]} of ${of["EvaluationPeriods"]}`,
      missing: of["TreatMissingData"],
    }),
  );
  const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
  return {
    alarms: alarms.sort(),
    dashboard: linesOf(nameOf(dashboard?.["Properties"].DashboardBody), text => text),
  };
}

describe("of everything", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-watching-"));
  const app = new App({ outdir: folder, analyticsReporting: false });
  const { stack, collector } = exampleStack(app, { name: "everything", props: { alarms: {}, dashboard: true } });
  const plan = planResources(collector.graph);
  const wanted = { ...plan, connectable: [] }; // the example brings nothing
  const functions = wanted.functions.map(({ kind }) => kind);
  const made = ofPlan({
    ...wanted,
    alarms: plan.alarms
      .map(each => ({ ...each, metrics: each.metrics.filter(({ function: of }) => !of || functions.includes(of)) }))
      .filter(({ metrics }) => metrics.length),
    dashboard: plan.dashboard.map(row =>
      row.map(widget => {
        if (widget.kind !== "metrics") return widget;
        const present = (side: "left" | "right") =>
          widget[side].map(series => ({
            ...series,
            metrics: series.metrics.filter(({ function: of }) => !of || functions.includes(of)),
          }));
        return { ...widget, left: present("left"), right: present("right") };
      }),
    ),
  });
  let deployments: Deployments;
  beforeAll(async () => {
    deployments = await Deployments.open();
  });
  afterAll(() => {
    deployments.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the stack has what the plan says", () => {
    expect(ofStack(stack)).toEqual(made);
  });

  test.skipIf(!hasTerraform)("the state of Terraform has what the plan says", { timeout: 60_000 }, async () => {
    const state = await deployments.apply(collector.graph, "alarms = {}\ndashboard = true");
    expect(ofState(state)).toEqual(made);
  });
});

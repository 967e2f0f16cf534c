/**
 * Dashboards of Grafana and alert rules, from two tables: `node operations/mixin/generate.ts` writes them beside this file.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { type AlertGroup, lokiGroups, prometheusGroups } from "./alerts.ts";
import { type CloudWatchQuery, type PanelSpec, type PrometheusQuery, rows } from "./panels.ts";

type Source = "cloudwatch" | "prometheus";

const width = 8;
const height = 8;

/** A dashboard of one kind of data source. */
export function dashboard(source: Source): object {
  return {
    uid: `amalgam-${source}`,
    title: `Amalgam (${source === "cloudwatch" ? "CloudWatch" : "Prometheus"})`,
    description: "What Amalgam receives, sends, drops and can't deliver.",
    tags: ["amalgam"],
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "1m",
    time: { from: "now-3h", to: "now" },
    timezone: "browser",
    templating: { list: source === "cloudwatch" ? cloudwatchVariables : prometheusVariables },
    annotations: { list: [] },
    links: [],
    panels: panelsOf(source),
  };
}

const datasource = (type: Source) => ({ type, uid: "${datasource}" });

const variable = (type: Source) => ({
  name: "datasource",
  label: "Data source",
  type: "datasource",
  query: type,
  current: {},
  hide: 0,
});

const query = (source: Source, name: string, label: string, of: object) => ({
  name,
  label,
  type: "query",
  datasource: datasource(source),
  query: of,
  refresh: 2,
  sort: 1,
  hide: 0,
  current: {},
});

const cloudwatchVariables = [
  variable("cloudwatch"),
  query("cloudwatch", "region", "Region", { queryType: "regions", refId: "regions" }),
  {
    ...query("cloudwatch", "function", "Function", {
      queryType: "dimensionValues",
      region: "$region",
      namespace: "Amalgam",
      metricName: "ReceivedRecords",
      dimensionKey: "FunctionName",
      refId: "functions",
    }),
    multi: true,
    includeAll: true,
  },
  {
    ...query("cloudwatch", "queue", "Queue", {
      queryType: "dimensionValues",
      region: "$region",
      namespace: "AWS/SQS",
      metricName: "ApproximateAgeOfOldestMessage",
      dimensionKey: "QueueName",
      refId: "queues",
    }),
    multi: true,
    includeAll: true,
  },
];

const prometheusVariables = [
  variable("prometheus"),
  {
    ...query("prometheus", "job", "Job", {
      query: "label_values(amalgam_writer_sent_items_total, job)",
      refId: "jobs",
    }),
    multi: true,
    includeAll: true,
  },
];

function panelsOf(source: Source): object[] {
  let id = 0;
  return rows.flatMap(({ title, panels }, row) => {
    const y = row * (height + 1);
    const head = { id: ++id, type: "row", title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
    const graphs = panels.map((panel, column) => ({
      id: ++id,
      ...graphOf(panel, source),
      gridPos: { x: column * width, y: y + 1, w: width, h: height },
    }));
    return [head, ...graphs];
  });
}

function graphOf({ title, description, unit, cloudwatchUnit, cloudwatch, prometheus }: PanelSpec, source: Source) {
  return {
    type: "timeseries",
    title,
    description,
    datasource: datasource(source),
    fieldConfig: {
      defaults: {
        unit: source === "cloudwatch" ? (cloudwatchUnit ?? unit) : unit,
        min: 0,
        custom: { drawStyle: "line", fillOpacity: 10, showPoints: "never", spanNulls: true },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: source === "cloudwatch" ? cloudwatch.map(cloudwatchTarget) : prometheus.map(prometheusTarget),
  };
}

const refId = (index: number): string => String.fromCharCode(65 + index);

const cloudwatchTarget = ({ namespace, metric, statistic, label }: CloudWatchQuery, index: number) => ({
  refId: refId(index),
  datasource: datasource("cloudwatch"),
  id: "",
  queryMode: "Metrics",
  metricQueryType: 0,
  metricEditorMode: 0,
  region: "$region",
  namespace,
  metricName: metric,
  statistic,
  dimensions: namespace === "AWS/SQS" ? { QueueName: ["$queue"] } : { FunctionName: ["$function"] },
  matchExact: true,
  period: "",
  expression: "",
  label,
});

const prometheusTarget = ({ expr, legend }: PrometheusQuery, index: number) => ({
  refId: refId(index),
  datasource: datasource("prometheus"),
  expr,
  legendFormat: legend,
  range: true,
  editorMode: "code",
});

/** Rules as Prometheus' and Loki's rulers read them. */
export const rulesOf = (groups: readonly AlertGroup[]): object => ({
  groups: groups.map(({ name, rules }) => ({
    name,
    rules: rules.map(({ alert, expr, for: held, severity, summary, description }) => ({
      alert,
      expr,
      ...(held !== "0m" && { for: held }),
      labels: { severity },
      annotations: { summary, description },
    })),
  })),
});

/** What is written, by its place beside this file. */
export const files: Readonly<Record<string, string>> = {
  "dashboards/amalgam-cloudwatch.json": json(dashboard("cloudwatch")),
  "dashboards/amalgam-prometheus.json": json(dashboard("prometheus")),
  "alerts/prometheus.yaml": yaml(rulesOf(prometheusGroups)),
  "alerts/loki.yaml": yaml(rulesOf(lokiGroups)),
};

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function yaml(value: object): string {
  return `# written by operations/mixin/generate.ts\n${stringify(value, { lineWidth: 0 })}`;
}

if (import.meta.main)
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(import.meta.dirname, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emfName } from "../../functions/aws/emf.ts";
import { lokiGroups, prometheusGroups } from "./alerts.ts";
import { dashboard, files } from "./generate.ts";
import { rows } from "./panels.ts";

test.for(Object.entries(files))("%s is what the tables say", ([name, text]) => {
  expect(readFileSync(path.join(import.meta.dirname, name), "utf8")).toBe(text);
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly datasource: { readonly type: string } }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly Panel[];
}

const sources = ["cloudwatch", "prometheus"] as const;

test.for(sources.map(source => ({ source })))("the dashboard for $source is sound", ({ source }) => {
  const { uid, templating, panels } = dashboard(source) as Dashboard; // made of these
  expect(uid).toMatch(/^[a-z-]{1,40}$/);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  for (const { type, datasource, targets = [] } of panels.filter(each => each.type !== "row")) {
    expect({ type, datasource }).toEqual({ type: "timeseries", datasource: { type: source, uid: "${datasource}" } });
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
  const used = new Set(
    [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].flatMap(([, name = ""]) =>
      ["PROP", "__rate_interval"].includes(name) ? [] : [name],
    ),
  );
  expect(used).toEqual(new Set(templating.list.map(({ name }) => name)));
});

test("dashboards have different ids", () => {
  expect(new Set(sources.map(source => (dashboard(source) as Dashboard).uid)).size).toBe(2); // made of these
});

/** Names of `docs/metrics.md`, which a test compares with what is counted. */
const documented = new Set(
  readFileSync(path.join(import.meta.dirname, "../../docs/metrics.md"), "utf8").match(/\bamalgam_\w+/g),
);
const bare = (name: string) => name.replace(/_(bucket|count|sum)$/, "");
const expressions = [
  ...rows.flatMap(({ panels }) => panels.flatMap(({ prometheus }) => prometheus.map(({ expr }) => expr))),
  ...prometheusGroups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
];

test("what is asked of Prometheus is counted", () => {
  const names = new Set(expressions.flatMap(expr => expr.match(/\bamalgam_\w+/g) ?? []).map(bare));
  expect([...names].filter(name => !documented.has(name))).toEqual([]);
});

test("what is asked of CloudWatch is written by functions", () => {
  const written = new Set(
    [...documented].flatMap(name => {
      const emf = emfName(name) ?? "";
      return [emf, `Failed${emf}`, `Throttled${emf}`];
    }),
  );
  const asked = rows.flatMap(({ panels }) => panels.flatMap(({ cloudwatch }) => cloudwatch));
  const own = asked.filter(({ namespace }) => namespace === "Amalgam").map(({ metric }) => metric);
  expect(own.filter(metric => !written.has(metric))).toEqual([]);
});

test("rules tell what is wrong and for whom", () => {
  for (const { alert, summary, description, expr } of [...prometheusGroups, ...lokiGroups].flatMap(
    ({ rules }) => rules,
  )) {
    expect(alert).toMatch(/^Amalgam[A-Z]\w+$/);
    const labels = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? "");
    const by = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(/, ?/));
    expect({ alert, unknown: labels.filter(label => !by.includes(label)) }).toEqual({ alert, unknown: [] });
  }
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;

function runPromtool(name: string, text: string, ...args: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-mixin-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, name);
  writeFileSync(file, text);
  writeFileSync(path.join(folder, "rules.yaml"), files["alerts/prometheus.yaml"] ?? "");
  const { status, stdout, stderr } = spawnSync("promtool", [...args, file], { encoding: "utf8" });
  return status === 0 ? "" : stdout + stderr;
}

test.runIf(promtool)("rules and queries are PromQL", () => {
  const queries = rows.flatMap(({ panels }) => panels.flatMap(({ prometheus }) => prometheus));
  const rules = queries.map(({ expr }, i) => ({
    record: `query:${i}`,
    expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$job", ".*"),
  }));
  expect(runPromtool("rules.yaml", files["alerts/prometheus.yaml"] ?? "", "check", "rules")).toBe("");
  expect(runPromtool("queries.yaml", JSON.stringify({ groups: [{ name: "queries", rules }] }), "check", "rules")).toBe(
    "",
  );
});

const labels = 'job="a", component_id="loki.write.out", destination="https://loki"';

test.runIf(promtool)("alerts fire for what they are for, and not otherwise", () => {
  const at = (alertname: string, minutes: number, exp: object[]) => ({
    eval_time: `${minutes}m`,
    alertname,
    exp_alerts: exp,
  });
  const common = { job: "a", component_id: "loki.write.out", destination: "https://loki" };
  const fired = (severity: string, summary: string, description: string, own: object = common) => ({
    exp_labels: { severity, ...own },
    exp_annotations: { summary, description },
  });
  const tests = {
    rule_files: ["rules.yaml"],
    evaluation_interval: "1m",
    tests: [
      {
        name: "waits",
        interval: "1m",
        input_series: [{ series: 'amalgam_waiting_oldest_timestamp_seconds{job="a"}', values: "0x9 600x19 0x9" }],
        alert_rule_test: [
          at("AmalgamDataWaits", 9, []),
          at("AmalgamDataWaits", 24, []),
          at("AmalgamDataWaits", 26, [
            fired(
              "critical",
              "Data waits for its backend",
              "The oldest request of a waits for 16m 0s. It is tried again until it is three days old, then it is a dead letter.",
              { job: "a" },
            ),
          ]),
          at("AmalgamDataWaits", 31, []),
        ],
      },
      {
        name: "refused",
        interval: "1m",
        input_series: [{ series: `amalgam_writer_dead_items_total{${labels}}`, values: "0x20 30x40" }],
        alert_rule_test: [
          at("AmalgamItemsRefused", 19, []),
          at("AmalgamItemsRefused", 25, [
            fired(
              "critical",
              "https://loki refuses data for good",
              "loki.write.out has put 30 items into the dead letters within 15 minutes. Their reasons are with them: amalgam replay sends them again.",
            ),
          ]),
          at("AmalgamItemsRefused", 50, []),
        ],
      },
      {
        name: "throttled",
        interval: "1m",
        input_series: [
          { series: `amalgam_writer_requests_total{${labels}, status="204"}`, values: "0+60x60" },
          { series: `amalgam_writer_requests_total{${labels}, status="429"}`, values: "0+1x60" },
        ],
        alert_rule_test: [
          at("AmalgamDeliveriesThrottled", 10, []),
          at("AmalgamDeliveriesFail", 40, []),
          at("AmalgamDeliveriesThrottled", 40, [
            fired(
              "warning",
              "https://loki limits the rate of data",
              "loki.write.out is told to wait (429): the limits of the tenant are too low for its data.",
            ),
          ]),
        ],
      },
    ],
  };
  expect(runPromtool("test.yaml", JSON.stringify(tests), "test", "rules")).toBe("");
});

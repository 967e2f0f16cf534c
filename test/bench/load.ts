/**
 * How long a configuration of 1,000 components takes from its text to a running pipeline, in a process that has loaded some before.
 *
 *     node test/bench/load.ts [--components 1000] [--runs 15]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { definitions } from "../../lib/pipeline/components/index.ts";
import type { Definition } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { buildNodes } from "../../lib/pipeline/graph/nodes.ts";
import { type Environment, loadPipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";

const { values } = parseArgs({
  options: { components: { type: "string", default: "1000" }, runs: { type: "string", default: "15" } },
});
const components = Number(values.components);
const runs = Number(values.runs);
const folder = mkdtempSync(path.join(tmpdir(), "amalgam-load-"));

/** Ten components that are connected to each other and to the group before. */
const group = (n: number, before: number): string => `
local.file "token_${n}" {
  filename  = "${path.join(folder, "token")}"
  is_secret = true
}

discovery.relabel "pods_${n}" {
  targets = array.concat(
    [{"__address__" = "10.0.0.${n % 250}:9090", "namespace" = "team-${n}", "pod" = "api-${n}"}],
    discovery.relabel.pods_${before}.output,
  )

  rule {
    source_labels = ["namespace", "pod"]
    separator     = "/"
    target_label  = "instance"
  }

  rule {
    source_labels = ["pod"]
    regex         = "canary-.*-${n}"
    action        = "drop"
  }
}

prometheus.relabel "metrics_${n}" {
  rule {
    source_labels = ["__name__"]
    regex         = "(go|process|team_${n})_.*"
    action        = "drop"
  }
  forward_to = [prometheus.remote_write.out_${n}.receiver]
}

prometheus.remote_write "out_${n}" {
  endpoint {
    url = "https://metrics-${n}.example.com" + "/api/v1/push"

    basic_auth {
      username = "team-${n}"
      password = local.file.token_${n}.content
    }
  }
  external_labels = {team = "team-${n}", discovery = string.format("%s-%d", "pods", ${n})}
}

// what the application of team ${n} writes
loki.process "logs_${n}" {
  stage.json {
    expressions = {level = "level", path = "http.path", status = "http.status"}
  }

  stage.drop {
    source     = "path"
    expression = "^/(healthz|metrics|team-${n})$"
  }

  stage.labels {
    values = {level = "", status = ""}
  }

  stage.template {
    source   = "level"
    template = "{{ ToLower .Value }}"
  }

  stage.limit {
    rate  = 5 * 1000
    burst = 2 ^ 10
    drop  = true
  }
  forward_to = [loki.relabel.logs_${n}.receiver, loki.write.logs_${before}.receiver]
}

loki.relabel "logs_${n}" {
  rule {
    source_labels = ["app", "level"]
    separator     = "/"
    target_label  = "stream"
  }
  forward_to = [loki.write.logs_${n}.receiver]
}

loki.write "logs_${n}" {
  endpoint {
    url          = "https://logs-${n}.example.com/loki/api/v1/push"
    bearer_token = local.file.token_${n}.content
    batch_wait   = "500ms"
  }
}

otelcol.processor.attributes "spans_${n}" {
  action {
    key    = "deployment.environment"
    value  = "production-${n}"
    action = "insert"
  }

  output {
    traces = [otelcol.processor.filter.spans_${n}.input]
    logs   = [otelcol.exporter.otlphttp.out_${n}.input]
  }
}

otelcol.processor.filter "spans_${n}" {
  error_mode = "ignore"

  traces {
    span = [\`attributes["http.route"] == "/health" and resource.attributes["team"] == "team-${n}"\`]
  }

  output {
    traces = [otelcol.exporter.otlphttp.out_${n}.input]
  }
}

otelcol.exporter.otlphttp "out_${n}" {
  client {
    endpoint = coalesce(sys.env("BENCH_ENDPOINT"), "https://traces-${n}.example.com")
  }
}
`;

function configuration(): string {
  const groups = Math.ceil(components / 10);
  let text = "";
  // of ten groups, the first ends the chain of targets, so that lists stay small
  for (let n = 0; n < groups; n++)
    text += n % 10 ? group(n, n - 1) : group(n, n).replace(/\n {4}discovery\..*output,/, "");
  return text;
}

interface Phases {
  parse: number;
  graph: number;
  evaluate: number;
  build: number;
  close: number;
  total: number;
}

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const environment = (): Environment => ({
  mode: "local",
  flow: new Flow(true),
  log: quiet,
  state: new MemoryStore(),
  metrics: new MetricsRegistry(),
  directory: folder,
  clock: Date.now,
  random: Math.random,
});

/** The definitions, and the time that their `build` takes; what it awaits is not in it. */
function timed(): { readonly definitions: ReadonlyMap<string, Definition>; readonly spent: () => number } {
  let spent = 0;
  const wrapped = Array.from(definitions, ([name, definition]): [string, Definition] => [
    name,
    {
      ...definition,
      build(args, host) {
        const start = performance.now();
        try {
          return definition.build(args, host);
        } finally {
          spent += performance.now() - start;
        }
      },
    },
  ]);
  return { definitions: new Map(wrapped), spent: () => spent };
}

async function load(text: string): Promise<Phases> {
  const { definitions: measured, spent } = timed();
  const options = { definitions: measured, stability: "experimental", environment: environment() } as const;
  const start = performance.now();
  const { file, diagnostics } = parseFile({ name: "load.alloy", text });
  const parsed = performance.now();
  const { pipeline, diagnostics: found } = await loadPipeline([file], options);
  const loaded = performance.now();
  await pipeline?.close();
  const closed = performance.now();
  if (!pipeline || diagnostics.length) throw new Error([...diagnostics, ...found].map(each => each.message).join("\n"));
  const before = performance.now();
  buildNodes([file], options, []);
  const graph = performance.now() - before;
  const build = spent();
  return {
    parse: parsed - start,
    graph,
    evaluate: loaded - parsed - graph - build,
    build,
    close: closed - loaded,
    total: closed - start,
  };
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;

writeFileSync(path.join(folder, "token"), "secret");
try {
  const text = configuration();
  const first = await load(text);
  const all: Phases[] = [];
  for (let run = 0; run < runs; run++) all.push(await load(text));
  const warm = all.slice(runs >> 1); // the first ones are compiled while they run
  const phases = ["parse", "graph", "evaluate", "build", "close"] as const;
  const shown = phases.map(name => `${name} ${median(warm.map(each => each[name])).toFixed(1)}`);
  console.log(
    `${components} components, ${(text.length / 1024).toFixed(0)} KiB: ${median(warm.map(({ total }) => total)).toFixed(1)} ms (at most 150), the first time ${first.total.toFixed(0)} ms`,
  );
  console.log(`${shown.join(", ")} ms; at best ${Math.min(...warm.map(({ total }) => total)).toFixed(1)} ms`);
} finally {
  rmSync(folder, { recursive: true });
}

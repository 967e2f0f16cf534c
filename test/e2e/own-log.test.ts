/** The process' own log goes through its pipeline to a Loki, as `logging.write_to` says, and never round in circles. */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startAmalgam, writeConfig } from "./support/process.ts";
import { type Sink, startSink } from "./support/sink.ts";
import { until } from "./support/until.ts";

const out = (url: string, more = "") => `
loki.write "out" {
  endpoint {
    url        = "${url}/loki/api/v1/push"
    batch_wait = "10ms"
    ${more}
  }
}
`;

const messagesOf = ({ entries }: Sink): string[] =>
  entries.map(({ line }) => (JSON.parse(line) as { readonly msg: string }).msg); // the log is JSON here

test("from the first line to the last, through processors, as JSON where that is wanted", async () => {
  const sink = await startSink();
  const config = writeConfig(`
    logging {
      level    = "debug"
      format   = "json"
      write_to = [loki.process.mine.receiver]
    }
    loki.process "mine" {
      stage.json {
        expressions = { severity = "level" }
      }
      stage.labels {
        values = { severity = "" }
      }
      forward_to = [loki.write.out.receiver]
    }
    ${out(sink.url)}
  `);
  const amalgam = await startAmalgam(config);
  await until(() => messagesOf(sink).includes("running"), "the first lines have arrived");
  amalgam.signal("SIGHUP");
  await until(() => messagesOf(sink).includes("configuration reloaded"), "the reload is told");
  amalgam.signal("SIGTERM");
  await amalgam.exited;
  expect(messagesOf(sink)).toContain("stopping, finishing what is under way");
  const running = sink.entries.find(({ line }) => line.includes('"msg":"running"'));
  expect(running?.labels).toBe('{component="alloy", severity="info"}');
  expect(running?.line.endsWith("\n")).toBe(true);
  const written = amalgam
    .log()
    .split("\n")
    .filter(line => line.includes('"msg":"running"'));
  expect(written).toEqual([running?.line.trimEnd()]);
});

test("a component that logs each line that it gets does not log its own lines for ever", async () => {
  const sink = await startSink();
  const config = writeConfig(`
    logging {
      write_to = [loki.echo.all.receiver, loki.write.out.receiver]
    }
    loki.echo "all" { }
    ${out(sink.url)}
  `);
  const amalgam = await startAmalgam(config);
  await until(() => sink.entries.length > 0, "the first line has arrived");
  for (let i = 0; i < 3; i++) {
    const before = sink.entries.length;
    amalgam.signal("SIGHUP");
    await until(() => sink.entries.length > before, "the reload is told");
  }
  amalgam.signal("SIGTERM");
  await amalgam.exited;
  expect(sink.entries.filter(({ line }) => line.includes("loki.echo"))).toEqual([]);
  expect(sink.entries.length).toBeLessThan(10);
});

test("a backend that refuses it is told of in the log on standard error, and gets all as soon as it takes it", async () => {
  const sink = await startSink();
  const config = writeConfig(`
    logging {
      write_to = [loki.write.out.receiver]
    }
    ${out("http://127.0.0.1:9", 'max_backoff_retries = 1\nmin_backoff_period = "10ms"')}
  `);
  const amalgam = await startAmalgam(config);
  const failures = () => amalgam.log().split("it waits to be delivered").length - 1;
  await until(() => failures() > 0, "the failure is told");
  writeFileSync(config, `logging {\n  write_to = [loki.write.out.receiver]\n}\n${out(sink.url)}`);
  amalgam.signal("SIGHUP");
  await until(() => sink.entries.some(({ line }) => line.includes("msg=running")), "the first line has arrived");
  expect(failures()).toBeLessThan(4); // what is told of the log is not sent with it
});

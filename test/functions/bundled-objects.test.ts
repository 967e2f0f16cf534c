/** The bundled function reads an object, as it is deployed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import { startS3 } from "../../lib/pipeline/components/aws/testing.ts";
import { recorded } from "./events.ts";
import { startFunction } from "./runtime-api.ts";
import { startSink } from "./sink.ts";

const config = `
loki.source.s3 "in" { forward_to = [loki.write.out.receiver] }
loki.write "out" { endpoint { url = sys.env("SINK") } }
`;

test("a bundled function reads the object of an event", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-objects-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "main.alloy"), config);
  const { file } = await bundle({
    config: path.join(folder, "main.alloy"),
    outdir: path.join(folder, "out"),
    target: "aws",
  });
  const s3 = await startS3({ "shop-logs/year=2026/month=01/a b+c ü.log.gz": "GET /cart 200\n" });
  const sink = await startSink();
  const running = await startFunction({
    taskRoot: path.dirname(file),
    env: {
      SINK: `${sink.url}/loki/api/v1/push`,
      AWS_ENDPOINT_URL: s3.url,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
    },
  });
  onTestFinished(async () => {
    await running.stop();
    await sink.close();
  });
  const event = recorded("sqs-s3");
  event.Records[0].body = event.Records[0].body.replace("d41d8cd98f00b204e9800998ecf8427e", "");
  expect(await running.invoke(event)).toEqual({ result: { batchItemFailures: [] } });
  expect(sink.take().map(({ path: place, body }) => [place, body.includes("GET /cart 200")])).toEqual([
    ["/loki/api/v1/push", true],
  ]);
});

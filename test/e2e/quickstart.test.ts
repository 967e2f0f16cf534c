/** What a newcomer does: start, send, look at the page. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { lokiLines, pushToLoki } from "../../examples/shop/loki.ts";
import { Shop } from "../../examples/shop/otlp.ts";
import type { DetailJson } from "../../ui/api.ts";
import { freePorts } from "./support/ports.ts";
import { runCli, startAmalgam, writeConfig } from "./support/process.ts";

const quickstart = path.resolve(import.meta.dirname, "../../examples/quickstart.alloy");

test.for([
  { it: "is written as amalgam fmt writes it", args: ["fmt", "-t", quickstart] },
  { it: "is valid without any flag", args: ["validate", quickstart] },
])("the quickstart $it", async ({ args }) => {
  expect(await runCli(args)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("what the sender sends goes through the quickstart's transforms and is shown on the page", async () => {
  const [otlp = 0, loki = 0] = await freePorts(2);
  const text = readFileSync(quickstart, "utf8").replace("127.0.0.1:4318", `127.0.0.1:${otlp}`);
  const { admin } = await startAmalgam(writeConfig(text.replace("= 3100", `= ${loki}`)));
  const shop = new Shop(`http://127.0.0.1:${otlp}`);
  shop.visit(5);
  expect(await shop.sendTraces()).toBe(9);
  expect(await shop.sendLogs()).toBe(9);
  expect(await shop.sendMetrics()).toBe(6);
  await shop.close();
  expect(await pushToLoki(`http://127.0.0.1:${loki}`, lokiLines(1_785_578_400_000))).toBe(6);

  const items = async (id: string) => {
    const response = await fetch(`${admin}/api/v0/web/components/${id}`);
    const detail = (await response.json()) as DetailJson; // what the API says it is
    return detail.items.map(({ title, about }) => `${title} ${about}`).toReversed();
  };
  const last = await items("otelcol.processor.batch.last");
  expect(last.filter(item => item.startsWith("GET /health"))).toEqual([]);
  expect(last.filter(item => item.startsWith("request received"))).toEqual([]);
  expect(
    last.filter(item => item.startsWith("POST /cart service")).map(item => item.replace(/[0-9a-f]{40,}…$/, "HASH")),
  ).toEqual([
    "POST /cart service.name=shop http.request.method=POST http.route=/cart http.response.status_code=201 user.email=HASH",
  ]);
  expect(last.filter(item => item.startsWith("payment"))).toEqual([
    "payment provider timed out provider=acme-pay retry.count=3",
  ]);
  expect(last.filter(item => item.startsWith("shop.orders"))).toEqual(["shop.orders currency=EUR"]);
  expect(await items("loki.echo.out")).toEqual([
    "item added app=cart env=demo level=info team=payments",
    "order placed app=checkout env=demo level=info team=payments",
    "payment provider timed out app=checkout env=demo level=error team=payments",
    "42 results for 'mercury' app=search env=demo level=info",
    "index is 5 minutes old app=search env=demo level=warn",
  ]);
});

test("what can't be pushed is said", async () => {
  const [nothing = 0] = await freePorts(1);
  await expect(pushToLoki(`http://127.0.0.1:${nothing}`, lokiLines(0))).rejects.toThrow("ECONNREFUSED");
});

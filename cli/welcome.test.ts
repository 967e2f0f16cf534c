import { expect, test } from "vitest";
import type { HttpTrigger } from "../lib/pipeline/graph/trigger.ts";
import { welcome } from "./welcome.ts";

const http = (host: string, port: number, ...paths: string[]) => ({
  component: "x.y",
  trigger: {
    kind: "http",
    host,
    port,
    authenticated: false,
    routes: paths.map(path => ({ path, maxBodyBytes: 1, handle: async () => ({ status: 200 }) })),
  } satisfies HttpTrigger,
});
const page = "http://127.0.0.1:12345/";
const open = "Open  http://127.0.0.1:12345/  to see the components, their health, and the last items at each\n";

test.for([
  { it: "names the page only where nothing listens", triggers: [], sender: undefined, text: open },
  {
    it: "names OTLP by its base, as SDKs take it, and Loki's push API by its path",
    triggers: [http("", 4318, "/v1/traces", "/v1/logs"), http("0.0.0.0", 3100, "/loki/api/v1/push", "/ready")],
    sender: undefined,
    text: `${open}Send  OTLP to http://127.0.0.1:4318, or log lines to http://127.0.0.1:3100/loki/api/v1/push\n`,
  },
  {
    it: "names the sender first",
    triggers: [http("::1", 4318, "/v1/metrics")],
    sender: "npm run send",
    text: `${open}Send  \`npm run send\` in another terminal, or OTLP to http://[::1]:4318\n`,
  },
  { it: "leaves out what it can't name", triggers: [http("", 8080, "/hook")], sender: undefined, text: open },
])("$it", ({ triggers, sender, text }) => {
  expect(welcome(page, triggers, sender)).toBe(text);
});

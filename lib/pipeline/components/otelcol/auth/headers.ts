/** Sets headers of requests that go out, also from what is known of the client whose data they carry. */
import { DeliveryError } from "../../../delivery/errors.ts";
import { hintFor } from "../../../eval/hints.ts";
import { blocks, type Infer, Mismatch, object, optional, required } from "../../../eval/schema.ts";
import { optionalSecret, string, text } from "../../../eval/types.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import type { Invocation } from "../../../graph/invocation.ts";
import { debugMetrics } from "../args.ts";
import { type AuthHandler, authExports } from "../auth.ts";

const actions = ["insert", "update", "upsert", "delete"] as const;

const action = text("string(headers.Action)", word => {
  const name = word.toLowerCase();
  const found = actions.find(each => each === name);
  if (found) return found;
  throw new Mismatch(`unknown action ${name}`, [], hintFor(name, actions) ?? `use one of ${actions.join(", ")}`);
});

const header = object({
  key: required(string, "Name of the header."),
  value: optional(optionalSecret, undefined, "Its value."),
  from_context: optional(string, undefined, "Header of the client's request to take the value from."),
  from_attribute: optional(string, undefined, "Attribute of the client's authentication to take the value from."),
  action: optional(action, "upsert", "What to do: `insert`, `update`, `upsert` or `delete`."),
});
type Header = Infer<typeof header>;

const args = object({
  header: blocks(header, "Headers, in order."),
  debug_metrics: debugMetrics,
});

export const otelcolAuthHeaders = defineComponent({
  name: "otelcol.auth.headers",
  summary: "Sets headers of requests that go out.",
  stability: "generally-available",
  inFunctions: "A header that the function's URL or a queue does not pass on can't be taken from the context.",
  args,
  exports: authExports,
  *check({ header }): Iterable<Problem> {
    for (const [i, { key, value, from_context, from_attribute }] of header.entries()) {
      if (key === "") yield { path: ["header", i, "key"], message: "key must be set to a non-empty string" };
      const sources = [value, from_context, from_attribute].filter(source => source !== undefined).length;
      if (sources === 0)
        yield { path: ["header", i], message: "either value, from_context or from_attribute must be provided" };
      if (sources > 1)
        yield { path: ["header", i], message: "only one of value, from_context and from_attribute may be provided" };
    }
  },
  build({ header }) {
    const steps = header.map(compileHeader);
    const handler: AuthHandler = {
      client({ headers }, invocation) {
        for (const step of steps) step(headers, invocation);
      },
    };
    return { exports: { handler } };
  },
});

type Headers = Record<string, string | readonly string[]>;

function compileHeader(args: Header): (headers: Headers, invocation: Invocation | undefined) => void {
  const name = args.key.toLowerCase();
  const source = sourceOf(args);
  switch (args.action) {
    case "delete":
      return headers => void Reflect.deleteProperty(headers, name);
    case "insert":
      return (headers, invocation) => {
        if (!Object.hasOwn(headers, name)) headers[name] = source(invocation);
      };
    case "update":
      return (headers, invocation) => {
        if (Object.hasOwn(headers, name)) headers[name] = source(invocation);
      };
    case "upsert":
      return (headers, invocation) => {
        headers[name] = source(invocation);
      };
    default:
      return args.action satisfies never;
  }
}

/** What isn't known is an empty value, as in the Collector. */
function sourceOf({ value, from_context, from_attribute }: Header): (invocation: Invocation | undefined) => string {
  if (value) return () => value.reveal();
  if (from_attribute !== undefined) return invocation => invocation?.auth?.get(from_attribute) ?? "";
  const key = (from_context ?? "").toLowerCase();
  return invocation => {
    const values = invocation?.metadata?.get(key) ?? [];
    if (values.length > 1)
      throw new DeliveryError(
        `${values.length} source keys found in the context, can't determine which one to use for header`,
        { kind: "retry" },
      );
    return values[0] ?? "";
  };
}

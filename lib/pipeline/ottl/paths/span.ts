import { fail } from "../error.ts";
import { Part } from "../value.ts";
import { expectText, id, int, map, type Path, type Paths, parts, text, time } from "./path.ts";
import { getTraceState, setTraceState } from "./trace-state.ts";

const kinds: readonly string[] = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const deprecatedKinds = kinds.map(kind => `SPAN_KIND_${kind.toUpperCase()}`);

const kindText = (names: readonly string[], what: string): Path => ({
  get: c => names[c.span.kind] ?? "",
  set(c, value) {
    const kind = names.indexOf(expectText(value));
    if (kind < 0) fail(`unknown ${what}, ${String(value)}`);
    c.span.kind = kind;
  },
});

/** What belongs to the span. */
export const spanPaths: Paths = {
  ...id(
    "TraceID",
    "trace_id",
    c => c.span.traceIdHex,
    (c, hex) => {
      c.span.traceIdHex = hex;
    },
  ),
  ...id(
    "SpanID",
    "span_id",
    c => c.span.spanIdHex,
    (c, hex) => {
      c.span.spanIdHex = hex;
    },
  ),
  ...id(
    "SpanID",
    "parent_span_id",
    c => c.span.parentSpanIdHex,
    (c, hex) => {
      c.span.parentSpanIdHex = hex;
    },
  ),
  trace_state: {
    ...text(
      c => c.span.traceState,
      (c, value) => {
        c.span.traceState = value;
      },
    ),
    keyed: {
      get: (c, [key]) => getTraceState(c.span.traceState, stateKey(key?.text?.name ?? key?.get?.(c))),
      set(c, [key], value) {
        const member = expectText(value);
        c.span.traceState = setTraceState(c.span.traceState, stateKey(key?.text?.name ?? key?.get?.(c)), member);
      },
      most: 1,
    },
  },
  name: text(
    c => c.span.name,
    (c, value) => {
      c.span.name = value;
    },
  ),
  kind: int(
    c => c.span.kind,
    (c, value) => {
      c.span.kind = value;
    },
  ),
  "kind.string": kindText(kinds, "span kind string"),
  "kind.deprecated_string": kindText(deprecatedKinds, "span kind deprecated string"),
  ...time(
    "start_time",
    c => c.span.startTimeUnixNano,
    (c, value) => {
      c.span.startTimeUnixNano = value;
    },
  ),
  ...time(
    "end_time",
    c => c.span.endTimeUnixNano,
    (c, value) => {
      c.span.endTimeUnixNano = value;
    },
  ),
  attributes: map(c => c.span.attributes),
  dropped_attributes_count: int(
    c => c.span.droppedAttributesCount,
    (c, value) => {
      c.span.droppedAttributesCount = value;
    },
  ),
  events: parts("ptrace.SpanEventSlice", c => c.span.events),
  dropped_events_count: int(
    c => c.span.droppedEventsCount,
    (c, value) => {
      c.span.droppedEventsCount = value;
    },
  ),
  links: parts("ptrace.SpanLinkSlice", c => c.span.links),
  dropped_links_count: int(
    c => c.span.droppedLinksCount,
    (c, value) => {
      c.span.droppedLinksCount = value;
    },
  ),
  status: {
    get: c => new Part("ptrace.Status", c.span.status),
    set: () => fail("the status can't be written as a whole, only its code and message"),
  },
  "status.code": int(
    c => c.span.status.code,
    (c, value) => {
      c.span.status.code = value;
    },
  ),
  "status.message": text(
    c => c.span.status.message,
    (c, value) => {
      c.span.status.message = value;
    },
  ),
  flags: int(
    c => c.span.flags,
    (c, value) => {
      c.span.flags = value;
    },
  ),
};

const stateKey = (key: unknown): string =>
  typeof key === "string" ? key : fail("trace_state indexing type must be a string");

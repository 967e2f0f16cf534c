import { describe, expect, test } from "vitest";
import { acceptHeader, defaultProtocols, negotiated, type ProtocolArgs, protocolProblems } from "./protocols.ts";

const defaults: ProtocolArgs = {
  scrape_protocols: defaultProtocols,
  scrape_native_histograms: false,
  enable_protobuf_negotiation: false,
  metric_name_validation_scheme: "legacy",
  metric_name_escaping_scheme: undefined,
};

describe("the accept header", () => {
  const text = "text/plain;version=1.0.0;escaping=underscores";
  const openMetrics = "application/openmetrics-text;version=1.0.0;escaping=underscores";
  const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  test.for<{ it: string; args: Partial<ProtocolArgs>; header: string }>([
    {
      it: "asks for the default formats",
      args: {},
      header: `${openMetrics};q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,${text};q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    },
    {
      it: "asks for protobuf first where native histograms are wanted",
      args: { scrape_native_histograms: true },
      header: `${protobuf};q=0.6,${openMetrics};q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,${text};q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    },
    {
      it: "asks for one format",
      args: { scrape_protocols: ["PrometheusText0.0.4"] },
      header: "text/plain;version=0.0.4;q=0.6,*/*;q=0.5",
    },
    {
      it: "allows UTF-8 where names are validated so",
      args: { scrape_protocols: ["PrometheusText1.0.0"], metric_name_validation_scheme: "utf8" },
      header: "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.5",
    },
    {
      it: "names the escaping that is wanted",
      args: { scrape_protocols: ["PrometheusText1.0.0"], metric_name_escaping_scheme: "dots" },
      header: "text/plain;version=1.0.0;escaping=dots;q=0.6,*/*;q=0.5",
    },
    {
      it: "takes an empty escaping for none",
      args: { scrape_protocols: ["PrometheusText1.0.0"], metric_name_escaping_scheme: "" },
      header: `${text};q=0.6,*/*;q=0.5`,
    },
  ])("$it", ({ args, header }) => {
    expect(acceptHeader(negotiated({ ...defaults, ...args }))).toBe(header);
  });
});

test("enable_protobuf_negotiation also takes native histograms", () => {
  expect(negotiated({ ...defaults, enable_protobuf_negotiation: true })).toMatchObject({
    scrape_native_histograms: true,
    scrape_protocols: ["PrometheusProto", ...defaultProtocols],
  });
});

describe("problems", () => {
  test.for<{ it: string; args: Partial<ProtocolArgs>; problems: object[] }>([
    { it: "none of the defaults", args: {}, problems: [] },
    {
      it: "none of native histograms over protobuf",
      args: { scrape_native_histograms: true, scrape_protocols: ["PrometheusProto"] },
      problems: [],
    },
    {
      it: "native histograms over text",
      args: { scrape_native_histograms: true, scrape_protocols: ["PrometheusText0.0.4"] },
      problems: [
        {
          path: ["scrape_native_histograms"],
          message: "scrape_native_histograms is set to true, but PrometheusProto is not in scrape_protocols",
        },
      ],
    },
    {
      it: "two ways to ask for protobuf",
      args: { enable_protobuf_negotiation: true, scrape_protocols: ["PrometheusProto"] },
      problems: [
        {
          path: ["enable_protobuf_negotiation"],
          message: "both enable_protobuf_negotiation and scrape_protocols are set, only one can be set at a time",
        },
      ],
    },
    {
      it: "a protocol twice",
      args: { scrape_protocols: ["PrometheusText0.0.4", "PrometheusProto", "PrometheusText0.0.4"] },
      problems: [
        {
          path: ["scrape_protocols", 2],
          message:
            'duplicate scrape protocol "PrometheusText0.0.4": make sure the scrape protocols provided are unique',
        },
      ],
    },
    {
      it: "UTF-8 names that are not valid",
      args: { metric_name_escaping_scheme: "allow-utf-8" },
      problems: [
        {
          path: ["metric_name_escaping_scheme"],
          message:
            "metric_name_escaping_scheme cannot be set to 'allow-utf-8' while metric_name_validation_scheme is not set to 'utf8'",
        },
      ],
    },
    {
      it: "none of UTF-8 names that are",
      args: { metric_name_escaping_scheme: "allow-utf-8", metric_name_validation_scheme: "utf8" },
      problems: [],
    },
  ])("$it", ({ args, problems }) => {
    expect([...protocolProblems({ ...defaults, ...args })]).toEqual(problems);
  });
});

import { expect, test } from "vitest";
import { expositionFormat, parseMediaType } from "./media-type.ts";

test.for<[header: string, type: string | undefined, parameters?: [string, string][]]>([
  ["text/plain", "text/plain"],
  [
    ' TEXT/Plain ; VERSION=0.0.4 ; charset="utf\\"8"',
    "text/plain",
    [
      ["version", "0.0.4"],
      ["charset", 'utf"8'],
    ],
  ],
  ["text/plain;", "text/plain"],
  ["text", "text"],
  ["", undefined],
  [";;;", undefined],
  ["text/plain, text/html", undefined],
  ["text/", undefined],
  ["a/b/c", undefined],
  ["text/plain; a", undefined],
  ["text/plain; a=1; a=2", undefined],
  ["nonsense;;", undefined],
])("%j is %s", ([header, type, parameters = []]) => {
  expect(parseMediaType(header)).toEqual(type === undefined ? undefined : { type, parameters: new Map(parameters) });
});

test.for([
  { header: "text/plain; version=9", fallback: "", format: "text", problem: undefined },
  { header: "application/openmetrics-text", fallback: "", format: "openmetrics", problem: undefined },
  {
    header: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    fallback: "",
    format: "protobuf",
    problem: undefined,
  },
  {
    header: "",
    fallback: "PrometheusText0.0.4",
    format: "text",
    problem: 'got blank, using fallback_scrape_protocol "PrometheusText0.0.4"',
  },
  {
    header: "text/html",
    fallback: "OpenMetricsText1.0.0",
    format: "openmetrics",
    problem: 'got "text/html", using fallback_scrape_protocol "OpenMetricsText1.0.0"',
  },
  {
    header: ";;;",
    fallback: "PrometheusProto",
    format: "protobuf",
    problem: 'got ";;;", using fallback_scrape_protocol "PrometheusProto"',
  },
  {
    header: "text/html",
    fallback: "",
    format: undefined,
    problem: 'got "text/html", no fallback_scrape_protocol specified for target',
  },
])("$header, else $fallback: $format", ({ header, fallback, format, problem }) => {
  const all =
    "content type should be one of text/plain, application/openmetrics-text, application/vnd.google.protobuf, ";
  expect(expositionFormat(header, fallback)).toEqual({ format, problem: problem && all + problem });
});

import { describe, expect, test } from "vitest";
import { seeded } from "../seeded-random.ts";
import { type ExpositionOptions, type ExpositionPage, parseExposition, SeriesCache } from "./exposition.ts";

const defaults: ExpositionOptions = {
  contentType: "text/plain; version=0.0.4",
  scrape_fallback_protocol: "",
  scrape_native_histograms: false,
  scrape_classic_histograms: false,
  convert_classic_histograms_to_nhcb: false,
  enable_type_and_unit_labels: false,
};
const openMetrics = { ...defaults, contentType: "application/openmetrics-text; version=1.0.0" };

/** Rows as text: series, value, timestamp, exemplars. */
function rows(page: ExpositionPage<unknown>): string[] {
  return Array.from({ length: page.count }, (_, i) => {
    const labels = page.series[i]?.labels ?? [];
    const pairs = labels.flatMap((name, at) => (at % 2 === 0 ? [`${name}=${labels[at + 1]}`] : []));
    const timestamp = Number.isNaN(page.timestamps[i]) ? "" : ` @${page.timestamps[i]}`;
    const histogram = page.histograms.get(i);
    const value = histogram ? JSON.stringify({ ...histogram, count: Number(histogram.count) }) : page.values[i];
    const exemplars = page.exemplars
      .get(i)
      ?.map(e => ` #${e.labels.join("=")} ${e.value}${e.timestamp === undefined ? "" : ` @${e.timestamp}`}`);
    return `${pairs.join(",")} ${value}${timestamp}${exemplars?.join("") ?? ""}`;
  });
}

const parse = (text: string | Buffer, options = defaults, cache = new SeriesCache()) =>
  parseExposition(Buffer.from(text), options, cache);

/** Once cold and twice warm: the result has to be the same. */
function parseThrice(text: string, options: ExpositionOptions) {
  const cache = new SeriesCache();
  const results = Array.from({ length: 3 }, () => {
    const page = parse(text, options, cache);
    return { rows: rows(page), error: page.error, duplicates: page.duplicates };
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  return results[0];
}

describe("text 0.0.4", () => {
  test.for([
    { it: "a value", text: "a 1\n", out: ["__name__=a 1"] },
    { it: "a last line without its end", text: "a 1", out: ["__name__=a 1"] },
    { it: "labels, sorted", text: 'a{z="1",b="2"} 3\n', out: ["__name__=a,b=2,z=1 3"] },
    { it: "a trailing comma", text: 'a{b="2",} 3\n', out: ["__name__=a,b=2 3"] },
    { it: "no labels in braces", text: "a{} 3\n", out: ["__name__=a 3"] },
    { it: "labels without a comma between", text: 'a{b="2" c="3"d="4"} 3\n', out: ["__name__=a,b=2,c=3,d=4 3"] },
    {
      it: "blanks and tabs everywhere",
      text: 'a \t{ b = "2" ,\tc="3" }\t 4 \t5\t \n',
      out: ["__name__=a,b=2,c=3 4 @5"],
    },
    {
      it: "no blank before the value",
      text: 'a{b="2"}3\nb-4\nc.5\n',
      out: ["__name__=a,b=2 3", "__name__=b -4", "__name__=c 0.5"],
    },
    { it: "a timestamp", text: "a 1 1700000000000\n", out: ["__name__=a 1 @1700000000000"] },
    {
      it: "special values",
      text: "a +Inf\nb -Inf\nc NaN\nd inf\n",
      out: ["__name__=a Infinity", "__name__=b -Infinity", "__name__=c NaN", "__name__=d Infinity"],
    },
    {
      it: "known escapes, and leaves the others",
      text: 'a{b="q\\" s\\\\ n\\n t\\t"} 1\n',
      out: ['__name__=a,b=q" s\\ n\n t\\t 1'],
    },
    { it: "a line break in a value", text: 'a{b="x\ny"} 1\n', out: ["__name__=a,b=x\ny 1"] },
    { it: "braces and hashes in a value", text: 'a{b="} 2 # {"} 1\n', out: ["__name__=a,b=} 2 # { 1"] },
    { it: "empty values, which honor_labels needs", text: 'a{b=""} 1\n', out: ["__name__=a,b= 1"] },
    {
      it: "quoted names",
      text: '{"my.name",a="1"} 2\n{a="1","x y"} 3\nb{"c.d"="e"} 4\n{"q\\"r"} 5\n',
      out: ["__name__=my.name,a=1 2", "__name__=x y,a=1 3", "__name__=b,c.d=e 4", '__name__=q"r 5'],
    },
    { it: "a blank before the name as part of it", text: " a 1\n\tb 2\n", out: ["__name__= a 1", "__name__=\tb 2"] },
    { it: "a blank before a quoted name as nothing", text: '  {"a"} 1\n', out: ["__name__=a 1"] },
    {
      it: "comments and empty lines",
      text: "# hello\n\n  \n#HELP x\n# HELPFUL\n#\n   # more\na 1\n",
      out: ["__name__=a 1"],
    },
    { it: "a zero byte in a value", text: 'a{b="x\0y"} 1\n', out: ["__name__=a,b=x\0y 1"] },
    { it: "nothing behind a zero byte at the start of a line", text: "a 1\n\0\nb 2\n", out: ["__name__=a 1"] },
    {
      it: "le and quantile as floats",
      text: '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1e1"} 2\nh_bucket{le="x"} 3\n# TYPE s summary\ns{quantile="0.990",le="1"} 4\n# TYPE g gauge\ng{le="1",quantile="1"} 5\n',
      out: [
        "__name__=h_bucket,le=1.0 1",
        "__name__=h_bucket,le=10.0 2",
        "__name__=h_bucket,le=x 3",
        "__name__=s,le=1,quantile=0.99 4",
        "__name__=g,le=1,quantile=1 5",
      ],
    },
  ])("takes $it", ({ text, out }) => {
    expect(parseThrice(text, defaults)).toEqual({ rows: out, error: undefined, duplicates: [] });
  });

  test.for([
    { it: "no value", line: "b", message: "expected value, got the end of the line" },
    { it: "a word as value", line: "b twelve", message: 'expected a number as value, got "twelve"' },
    { it: "a carriage return", line: "b 1\r", message: 'expected a number as value, got "1\\r"' },
    { it: "underscores", line: "b 1_000", message: 'expected a number as value, got "1_000"' },
    { it: "a number too large", line: "b 1e999", message: 'expected a number as value, got "1e999"' },
    { it: "a brace behind the value", line: "b 1{", message: 'expected timestamp or line end, got "{"' },
    { it: "an open brace", line: 'b{a="b" 3', message: 'expected label name, got "3"' },
    { it: "a value without quotes", line: "b{a=b} 3", message: 'expected label value, got "b"' },
    { it: "a name that begins with a digit", line: "1b 3", message: 'expected metric name, comment or brace, got "1"' },
    { it: "a doubled comma", line: 'b{a="b",,c="d"} 3', message: 'expected label name, got ","' },
    { it: "a label without value", line: "b{a} 3", message: 'expected equal sign, got "}"' },
    { it: "two names", line: 'b{"c"} 3', message: "metric name is already set" },
    { it: "no name", line: '{a="b"} 3', message: "metric name is not set" },
    { it: "a fraction as timestamp", line: "b 3 12.5", message: 'expected line end after the timestamp, got "."' },
    { it: "a negative timestamp", line: "b 3 -5", message: 'expected timestamp or line end, got "-"' },
    {
      it: "a timestamp of more than 64 bits",
      line: "b 3 9223372036854775808",
      message: "expected a timestamp of 64 bits, got 9223372036854775808",
    },
    {
      it: "a word behind the timestamp",
      line: "b 3 5 more",
      message: 'expected line end after the timestamp, got "m"',
    },
    { it: "an unknown type", line: "# TYPE b flavour", message: 'expected a metric type, got "flavour"' },
    { it: "a type of OpenMetrics", line: "# TYPE b info", message: 'expected a metric type, got "info"' },
    { it: "two blanks before the type", line: "# TYPE b  gauge", message: 'expected a metric type, got " gauge"' },
    {
      it: "a prototype's name as type",
      line: "# TYPE b constructor",
      message: 'expected a metric type, got "constructor"',
    },
    { it: "help of no name", line: "# HELP 9 x", message: 'expected metric name after HELP, got "9"' },
    {
      it: "a label value that is no UTF-8",
      line: Buffer.from('b{a="\xff"} 1', "latin1"),
      message: "label value is not valid UTF-8",
    },
    {
      it: "help that is no UTF-8",
      line: Buffer.from("# HELP b \xff", "latin1"),
      message: "help text is not valid UTF-8",
    },
  ])("refuses $it, and counts what was read before", ({ line, message }) => {
    const page = parse(Buffer.concat([Buffer.from("# HELP a A\na 1\n"), Buffer.from(line), Buffer.from("\nc 2\n")]));
    expect({ count: page.count, error: page.error }).toEqual({ count: 1, error: { line: 3, message } });
  });

  test("says which rows repeat a series", () => {
    expect(parseThrice('a{k="x"} 1\na{k="x"} 2\nb 3\na{k="x"} 4 5\n', defaults)?.duplicates).toEqual([1, 3]);
  });
});

describe("OpenMetrics", () => {
  test.for([
    { it: "the empty page", text: "# EOF\n", out: [] },
    { it: "an end without line break", text: "a 1\n# EOF", out: ["__name__=a 1"] },
    {
      it: "times in seconds",
      text: "a 1 1700000000.1239\nb 2 -1.5\n# EOF\n",
      out: ["__name__=a 1 @1700000000123", "__name__=b 2 @-1500"],
    },
    {
      it: "exemplars",
      text: 'a_total 1 # {t="x",b="y"} 0.5\na_total{b="c"} 2 3 # {} 4 5.25\n# EOF\n',
      out: ["__name__=a_total 1 #b=y=t=x 0.5", "__name__=a_total,b=c 2 @3000 # 4 @5250"],
    },
    { it: "escapes in an exemplar as they are", text: 'a 1 # {t="\\n"} 1\n# EOF\n', out: ["__name__=a 1 #t=\\n 1"] },
    {
      it: "le of histograms as a float, of gauge histograms as it is",
      text: '# TYPE a histogram\na_bucket{le="1"} 1\n# TYPE b gaugehistogram\nb_bucket{le="1"} 2\n# EOF\n',
      out: ["__name__=a_bucket,le=1.0 1", "__name__=b_bucket,le=1 2"],
    },
    {
      it: "units that end the name, and empty ones",
      text: "# UNIT a_seconds seconds\n# UNIT b \na_seconds 1\n# EOF\n",
      out: ["__name__=a_seconds 1"],
    },
    { it: "quoted names", text: '# TYPE "a.b" counter\n{"a.b",c="d"} 1\n# EOF\n', out: ["__name__=a.b,c=d 1"] },
    {
      it: "created lines as samples",
      text: "# TYPE a counter\na_total 1\na_created 5\n# EOF\n",
      out: ["__name__=a_total 1", "__name__=a_created 5"],
    },
  ])("takes $it", ({ text, out }) => {
    expect(parseThrice(text, openMetrics)).toEqual({ rows: out, error: undefined, duplicates: [] });
  });

  test.for([
    { it: "a missing end", text: "a 1\n", count: 1, line: 2, message: "page should end with # EOF" },
    { it: "a cut line", text: "a 1", count: 0, line: 1, message: "page should end with # EOF" },
    { it: "text after the end", text: "a 1\n# EOF\nb 2\n", count: 1, line: 2, message: "unexpected data after # EOF" },
    {
      it: "a blank line",
      text: "a 1\n\n# EOF\n",
      count: 1,
      line: 2,
      message: "expected metric name or one of # HELP, # TYPE, # UNIT, # EOF, got the end of the line",
    },
    {
      it: "a comment",
      text: "# words\n# EOF\n",
      count: 0,
      line: 1,
      message: 'expected one of # HELP, # TYPE, # UNIT, # EOF, got "#"',
    },
    {
      it: "a blank at the end, after counting the sample",
      text: "a 1 \n# EOF\n",
      count: 1,
      line: 1,
      message: "expected timestamp, exemplar or line end, got the end of the line",
    },
    { it: "two blanks", text: "a  1\n# EOF\n", count: 0, line: 1, message: 'expected value, got " "' },
    {
      it: "blanks between labels",
      text: 'a{b="c", d="e"} 1\n# EOF\n',
      count: 0,
      line: 1,
      message: 'expected label name, got " "',
    },
    {
      it: "labels without comma",
      text: 'a{b="c"d="e"} 1\n# EOF\n',
      count: 0,
      line: 1,
      message: 'expected comma or closing brace, got "d"',
    },
    {
      it: "a line break in a value",
      text: 'a{b="c\nd"} 1\n# EOF\n',
      count: 0,
      line: 1,
      message: "expected closing quote of the label value, got the end of the page",
    },
    {
      it: "an exemplar without value",
      text: 'a 1 # {t="x"}\n# EOF\n',
      count: 0,
      line: 1,
      message: "expected space and value after the exemplar's labels, got the end of the line",
    },
    {
      it: "an exemplar with a name",
      text: 'a 1 # {"x"} 1\n# EOF\n',
      count: 0,
      line: 1,
      message: 'expected equal sign, got "}"',
    },
    { it: "NaN as time", text: "a 1 NaN\n# EOF\n", count: 0, line: 1, message: "expected a finite timestamp, got NaN" },
    {
      it: "NaN as time of an exemplar",
      text: 'a 1 # {t="x"} 1 NaN\n# EOF\n',
      count: 0,
      line: 1,
      message: "expected a finite timestamp, got NaN",
    },
    {
      it: "a word behind the time",
      text: "a 1 2 3\n# EOF\n",
      count: 0,
      line: 1,
      message: 'expected line end, got " "',
    },
    {
      it: "a unit that does not end the name",
      text: "# UNIT a seconds\n# EOF\n",
      count: 0,
      line: 1,
      message: 'expected a unit that is the suffix of metric "a", got "seconds"',
    },
    {
      it: "an unknown type",
      text: "# TYPE a untyped\n# EOF\n",
      count: 0,
      line: 1,
      message: 'expected a metric type, got "untyped"',
    },
    {
      it: "help without text",
      text: "# HELP a\n# EOF\n",
      count: 0,
      line: 1,
      message: "expected space and text in HELP, got the end of the line",
    },
  ])("refuses $it", ({ text, count, line, message }) => {
    const page = parse(text, openMetrics);
    expect({ count: page.count, error: page.error }).toEqual({ count, error: { line, message } });
  });
});

describe("type and unit labels", () => {
  const options = { ...openMetrics, enable_type_and_unit_labels: true };

  test("the unit stays, the page's own labels are replaced, unknown types give none", () => {
    const text =
      '# TYPE w_seconds counter\n# UNIT w_seconds seconds\nw_seconds_total{__type__="mine",a="b"} 1\nw_seconds_created 2\n# TYPE d stateset\nd{d="x"} 3\n# TYPE u unknown\nu{__type__="mine"} 4\n# EOF\n';
    expect(parseThrice(text, options)?.rows).toEqual([
      "__name__=w_seconds_total,__type__=counter,__unit__=seconds,a=b 1",
      "__name__=w_seconds_created,__type__=counter,__unit__=seconds 2",
      "__name__=d,__type__=stateset,__unit__=seconds,d=x 3",
      "__name__=u,__type__=mine,__unit__=seconds 4",
    ]);
  });

  test("the text format has types only", () => {
    expect(parseThrice("# TYPE a gauge\na 1\n", { ...defaults, enable_type_and_unit_labels: true })?.rows).toEqual([
      "__name__=a,__type__=gauge 1",
    ]);
  });
});

test("a series has the metadata of the family that it belongs to", () => {
  const page = parse(
    "# HELP h_total Help \\\\ and\\nmore.\n# TYPE h_total counter\nh_total 1\nother 2\n# TYPE s summary\ns_sum 3\ns 4\n",
  );
  expect(page.series.map(({ name, metadata }) => [name, metadata])).toEqual([
    ["h_total", { type: "counter", help: "Help \\ and\nmore.", unit: "" }],
    ["other", undefined],
    ["s_sum", { type: "summary", help: "", unit: "" }],
    ["s", { type: "summary", help: "", unit: "" }],
  ]);
});

describe("from page to page", () => {
  test("series are the same objects wherever they stand, and their data stays", () => {
    const cache = new SeriesCache<number>();
    const first = parseExposition(Buffer.from("a 1\nb 2\nc 3\n"), defaults, cache).series.slice();
    for (const [i, series] of first.entries()) series.data = i;
    for (const text of [
      "a 1\nb 2\nc 3\n",
      "b 2\nnew 9\na 1\n",
      "# HELP a changed\nc 3\na 1\nb 2\n",
      "c 3\n",
      "a 1\nb 2\nc 3\n",
    ]) {
      const page = parseExposition(Buffer.from(text), defaults, cache);
      for (let i = 0; i < page.count; i++) {
        const series = page.series[i];
        if (series?.name !== "new") expect(series).toBe(first["abc".indexOf(series?.name ?? "")]);
      }
    }
    expect(first.map(({ data }) => data)).toEqual([0, 1, 2]);
  });

  test("unchanged says that the rows have the same series", () => {
    const cache = new SeriesCache();
    const changes = [
      "a 1\nb 2\n",
      "a 3\nb 4\n",
      "# HELP a x\na 3 5\nb 4\n",
      "b 1\na 2\n",
      "b 1\n",
      "b 1\n",
      "b 1\nc 1\n",
      "",
    ].map(text => parse(text, defaults, cache).unchanged);
    expect(changes).toEqual([false, true, true, false, false, true, false, false]);
  });

  test("a name that only begins as the expected one is another series", () => {
    const cache = new SeriesCache();
    parse("foo 1\nbar 2\n", defaults, cache);
    expect(rows(parse('foo_total 3\nfoo{a="b"} 4\nbar  {a="c"} 5\n', defaults, cache))).toEqual([
      "__name__=foo_total 3",
      "__name__=foo,a=b 4",
      "__name__=bar,a=c 5",
    ]);
  });

  test("changed metadata is seen", () => {
    const cache = new SeriesCache();
    parse("# TYPE a gauge\na 1\n", defaults, cache);
    expect(parse("# TYPE a counter\na 1\n", defaults, cache).series[0]?.metadata?.type).toBe("counter");
    expect(parse("# HELP a x\n# TYPE a counter\na 1\n", defaults, cache).series[0]?.metadata).toEqual({
      type: "counter",
      help: "x",
      unit: "",
    });
  });

  test("after a page that failed, and after one of another format, all is read", () => {
    const cache = new SeriesCache();
    const good = "# TYPE a gauge\na 1\nb 2\n";
    parse(good, defaults, cache);
    expect(parse("# TYPE a gauge\na 1\nb x\n", defaults, cache).error).toEqual({
      line: 3,
      message: 'expected a number as value, got "x"',
    });
    expect(rows(parse(good, defaults, cache))).toEqual(["__name__=a 1", "__name__=b 2"]);
    expect(rows(parse('# TYPE a histogram\na_bucket{le="1"} 1\n# EOF\n', openMetrics, cache))).toEqual([
      "__name__=a_bucket,le=1.0 1",
    ]);
    expect(rows(parse(good, defaults, cache))).toEqual(["__name__=a 1", "__name__=b 2"]);
  });

  test("random changes give what a fresh cache gives", () => {
    const random = seeded(23);
    const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
    const lines = [
      ...Array.from({ length: 30 }, (_, i) => `m${i % 7}{a="${i}",le="${i % 5}"}`),
      ...Array.from({ length: 10 }, (_, i) => `n${i}`),
      "n1_x",
      '{"q.r"}',
      "m1 ",
      "m1{}",
      'm1 {a="0"}',
    ];
    const metas = ["# TYPE m1 histogram", "# TYPE n1 gauge", "# HELP m1 h", "# comment", "", "  "];
    let page = lines.slice();
    const cache = new SeriesCache();
    for (let round = 0; round < 300; round++) {
      const at = Math.floor(random() * page.length);
      if (random() < 0.3) page.splice(at, Math.floor(random() * 4));
      if (random() < 0.3) page.splice(at, 0, pick(lines), pick(metas), pick(lines));
      if (random() < 0.05) page.reverse();
      if (random() < 0.03) page = lines.slice();
      const broken = random() < 0.05 ? "broken{ 1\n" : "";
      const values = page.map(line =>
        /^#|^ *$/.test(line) ? line : `${line} ${Math.floor(random() * 100)}${random() < 0.1 ? " 5" : ""}`,
      );
      const text = `${values.join("\n")}\n${broken}`;
      const warm = parse(text, defaults, cache);
      // Series keep the labels that they were first read with, so `le` may differ from a fresh reading.
      const normal = (each: ExpositionPage<unknown>) => ({
        rows: rows(each).map(row => row.replace(/le=(\d)(\.0)?/, "le=$1")),
        error: each.error,
        duplicates: each.duplicates,
      });
      expect(normal(warm)).toEqual(normal(parse(text)));
    }
  });
});

describe("classic histograms as custom buckets", () => {
  const options = { ...defaults, convert_classic_histograms_to_nhcb: true };
  const histogram = (fields: object) =>
    JSON.stringify({
      float: false,
      schema: -53,
      zeroThreshold: 0,
      zeroCount: 0,
      ...fields,
      negativeSpans: [],
      negativeBuckets: [],
      resetHint: "unknown",
    });
  const parts = (text: string, given = options) =>
    parseThrice(text, given)?.rows.map(row => row.replace(/"customValues":(\[[^\]]*\])/, "").replace(",}", "}"));

  test.for([
    {
      it: "buckets, sum and count",
      text: 'w_bucket{r="a",le="0.5"} 2\nw_bucket{r="a",le="1"} 5\nw_bucket{r="a",le="2.5"} 5\nw_bucket{r="a",le="+Inf"} 8\nw_sum{r="a"} 20.25\nw_count{r="a"} 8\n',
      out: [
        `__name__=w,r=a ${histogram({ count: 8, sum: 20.25, positiveSpans: [{ offset: 0, length: 4 }], positiveBuckets: [2, 1, -3, 3] })}`,
      ],
    },
    {
      it: "a missing infinite bucket and sum",
      text: 'w_bucket{le="1"} 1\nw_bucket{le="4"} 3\nw_count 4\n',
      out: [
        `__name__=w ${histogram({ count: 4, sum: 0, positiveSpans: [{ offset: 0, length: 3 }], positiveBuckets: [1, 1, -1] })}`,
      ],
    },
    {
      it: "a missing count",
      text: 'w_bucket{le="1"} 1\nw_bucket{le="+Inf"} 1\n',
      out: [
        `__name__=w ${histogram({ count: 1, sum: 0, positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [1] })}`,
      ],
    },
    {
      it: "buckets in any order",
      text: 'w_bucket{le="+Inf"} 3\nw_bucket{le="1"} 1\nw_count 3\n',
      out: [
        `__name__=w ${histogram({ count: 3, sum: 0, positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: [1, 1] })}`,
      ],
    },
    {
      it: "long runs of empty buckets as gaps",
      text: 'w_bucket{le="1"} 1\nw_bucket{le="2"} 1\nw_bucket{le="3"} 1\nw_bucket{le="4"} 1\nw_bucket{le="+Inf"} 2\n',
      out: [
        `__name__=w ${histogram({
          count: 2,
          sum: 0,
          positiveSpans: [
            { offset: 0, length: 1 },
            { offset: 3, length: 1 },
          ],
          positiveBuckets: [1, 0],
        })}`,
      ],
    },
    {
      it: "fractions as a float histogram",
      text: 'w_bucket{le="1"} 1.5\nw_bucket{le="+Inf"} 2\n',
      out: [
        `__name__=w ${histogram({ float: true, count: 2, sum: 0, positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: [1.5, 0.5] })}`,
      ],
    },
    { it: "decreasing buckets as nothing", text: 'w_bucket{le="1"} 3\nw_bucket{le="2"} 1\nw_count 4\n', out: [] },
    { it: "a count that contradicts as nothing", text: 'w_bucket{le="+Inf"} 3\nw_count 4\n', out: [] },
    {
      it: "series of other names as they are",
      text: "w_other 1\nx_count 2\nw 3\n",
      out: ["__name__=w_other 1", "__name__=x_count 2", "__name__=w 3"],
    },
    {
      it: "the time of the line that ended it",
      text: 'w_count{a="1"} 1 100\nw_count{a="2"} 2 200\n',
      out: [
        `__name__=w,a=1 ${histogram({ count: 1, sum: 0, positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [1] })} @200`,
        `__name__=w,a=2 ${histogram({ count: 2, sum: 0, positiveSpans: [{ offset: 0, length: 1 }], positiveBuckets: [2] })} @200`,
      ],
    },
  ])("takes $it", ({ text, out }) => {
    expect(parts(`# TYPE w histogram\n${text}`)).toEqual(out);
  });

  test("keeps the classic series when they are wanted, and only histograms are converted", () => {
    const text = '# TYPE w histogram\nw_bucket{le="+Inf"} 1\nw_count 1\n# TYPE g gauge\ng_count 2\n';
    expect(parts(text, { ...options, scrape_classic_histograms: true })?.map(row => row.split(" ")[0])).toEqual([
      "__name__=w_bucket,le=+Inf",
      "__name__=w_count",
      "__name__=w",
      "__name__=g_count",
    ]);
  });

  test("bounds are custom values, exemplars with a time go along", () => {
    const text =
      '# TYPE w histogram\nw_bucket{le="0.5"} 1 # {t="a"} 0.1 7\nw_bucket{le="+Inf"} 2 # {t="b"} 3\nw_count 2\n# EOF\n';
    const page = parse(text, { ...openMetrics, convert_classic_histograms_to_nhcb: true });
    expect(page.histograms.get(0)?.customValues).toEqual([0.5]);
    expect(page.exemplars.get(0)).toEqual([{ labels: ["t", "a"], value: 0.1, timestamp: 7000 }]);
  });
});

test("without a format there are no samples, and the reason", () => {
  const page = parse("a 1\n", { ...defaults, contentType: "text/html" });
  expect({ count: page.count, line: page.error?.line, warning: page.warning }).toEqual({
    count: 0,
    line: 0,
    warning: undefined,
  });
  expect(page.error?.message).toMatch(
    /^content type should be one of text\/plain, .* got "text\/html", no fallback_scrape_protocol specified for target$/,
  );
});

test("a fallback is a warning", () => {
  const page = parse("a 1\n", { ...defaults, contentType: "", scrape_fallback_protocol: "PrometheusText0.0.4" });
  expect({ count: page.count, error: page.error }).toEqual({ count: 1, error: undefined });
  expect(page.warning).toMatch(/got blank, using fallback_scrape_protocol "PrometheusText0.0.4"$/);
});

/** What is proposed for misspelt names: the message stays Alloy's, the hint stands beside it. */
import { expect, test } from "vitest";
import { runCli, temporaryFolder, writeConfig } from "./support/process.ts";

interface Misspelt {
  readonly it: string;
  readonly text: string;
  readonly message: string;
  readonly hint: string | undefined;
}

const out = 'loki.write "out" { }\n';

/** What is wrong in the text itself, all in one file. */
const written: readonly Misspelt[] = [
  {
    it: "a component",
    text: 'loki.wirte "a" { }',
    message: 'cannot find the definition of component name "loki.wirte"',
    hint: "loki.write",
  },
  {
    it: "a component without its underscore",
    text: 'prometheus.remotewrite "a" { }',
    message: 'cannot find the definition of component name "prometheus.remotewrite"',
    hint: "prometheus.remote_write",
  },
  {
    it: "a block that configures the process",
    text: "liverdebugging { }",
    message: 'cannot find the definition of component name "liverdebugging"',
    hint: "livedebugging",
  },
  {
    it: "an argument of such a block",
    text: 'logging {\n  levle = "info"\n}',
    message: 'unrecognized attribute name "levle"',
    hint: "level",
  },
  {
    it: "a block inside such a block",
    text: "tracing { }\nhttp {\n  auth { filtre { } }\n}",
    message: 'unrecognized block name "filtre"',
    hint: "filter",
  },
  {
    it: "an argument",
    text: 'local.file "b" {\n  filename  = "x"\n  poll_frequncy = "1m"\n}',
    message: 'unrecognized attribute name "poll_frequncy"',
    hint: "poll_frequency",
  },
  {
    it: "an argument in the style of other languages",
    text: 'local.file "c" {\n  filename = "x"\n  isSecret = true\n}',
    message: 'unrecognized attribute name "isSecret"',
    hint: "is_secret",
  },
  {
    it: "a block",
    text: 'loki.write "d" {\n  endpiont { }\n}',
    message: 'unrecognized block name "endpiont"',
    hint: "endpoint",
  },
  {
    it: "a block inside a block",
    text: 'loki.write "e" {\n  endpoint {\n    url = "http://x"\n    basic_auht { }\n  }\n}',
    message: 'unrecognized block name "basic_auht"',
    hint: "basic_auth",
  },
  {
    it: "a stage",
    text: 'loki.process "f" {\n  forward_to = []\n  stage.jsn { }\n}',
    message: 'unrecognized block name "stage.jsn"',
    hint: "stage.json",
  },
  {
    it: "a stage as Promtail writes it",
    text: 'loki.process "g" {\n  forward_to = []\n  logfmt { }\n}',
    message: 'unrecognized block name "logfmt"',
    hint: "stage.logfmt",
  },
  {
    it: "one of a few words",
    text: 'otelcol.exporter.otlphttp "h" {\n  encoding = "jsom"\n  client {\n    endpoint = "http://x"\n  }\n}',
    message: 'unrecognized encoding "jsom", expected proto or json',
    hint: "json",
  },
  {
    it: "a label of a component",
    text: 'loki.process "i" {\n  forward_to = [loki.write.ouut.receiver]\n}',
    message: 'component "loki.write.ouut.receiver" does not exist or is out of scope',
    hint: "loki.write.out.receiver",
  },
  {
    it: "a reference to another component",
    text: 'loki.process "j" {\n  forward_to = [loki.wrte.out.receiver]\n}',
    message: 'component "loki.wrte.out.receiver" does not exist or is out of scope',
    hint: "loki.write.out.receiver",
  },
  {
    it: "a namespace of functions",
    text: 'local.file "k" {\n  filename = strings.join(["x"], "")\n}',
    message: 'component "strings.join" does not exist or is out of scope',
    hint: "string.join",
  },
  {
    it: "a function",
    text: 'local.file "l" {\n  filename = coalesec("x")\n}',
    message: 'component "coalesec" does not exist or is out of scope',
    hint: "coalesce",
  },
  {
    it: "a function that has moved",
    text: 'local.file "m" {\n  filename = from_json("{}")\n}',
    message: 'component "from_json" does not exist or is out of scope',
    hint: "encoding.from_json",
  },
  {
    it: "nothing that is near",
    text: 'mystery.thing "n" { }',
    message: 'cannot find the definition of component name "mystery.thing"',
    hint: undefined,
  },
];

const hintOf = (name: string | undefined): string | undefined => name && `did you mean "${name}"?`;

interface Json {
  readonly diagnostics: readonly { readonly message: string; readonly hint?: string }[];
}

test("validate proposes names", async () => {
  const config = writeConfig(out + written.map(({ text }) => `${text}\n`).join(""));
  const { code, stdout } = await runCli(["validate", "--json", config]);
  expect(code).toBe(1);
  const found = new Map((JSON.parse(stdout) as Json).diagnostics.map(({ message, hint }) => [message, hint]));
  expect(written.map(({ it, message }) => [it, message, found.has(message), found.get(message)])).toEqual(
    written.map(({ it, message, hint }) => [it, message, true, hintOf(hint)]),
  );
});

test("validate prints hints below the excerpts when asked, and is Alloy's to the letter when not", async () => {
  const config = writeConfig('local.flie "x" { }\n');
  const said = `\nError: ${config}:1:1: cannot find the definition of component name "local.flie"\n\n1 | local.flie "x" { }\n  | ^^^^^^^^^^\n2 | \n`;
  const last = "Error: validation failed\n";
  expect(await runCli(["validate", config])).toEqual({ code: 1, stdout: "", stderr: said + last });
  const hint = '\nHint: did you mean "local.file"?\n';
  expect(await runCli(["validate", "--hints", config])).toEqual({ code: 1, stdout: "", stderr: said + hint + last });
});

/** What is found when values are there, all in one file. */
const evaluated: readonly Omit<Misspelt, "it">[] = [
  {
    text: 'local.file "a" {\n  filename = string.to_uper("x")\n}',
    message: 'field "to_uper" does not exist',
    hint: "to_upper",
  },
  {
    text: 'loki.process "b" {\n  forward_to = [loki.write.out.reciever]\n}',
    message: 'field "reciever" does not exist',
    hint: "receiver",
  },
  {
    text: 'otelcol.exporter.otlphttp "c" {\n  encoding = string.to_lower("JSOM")\n  client {\n    endpoint = "http://x"\n  }\n}',
    message: 'string.to_lower("JSOM") unrecognized encoding "jsom", expected proto or json',
    hint: "json",
  },
  {
    text: 'local.file "d" {\n  filename = constants.hostnme\n}',
    message: 'field "hostnme" does not exist',
    hint: "hostname",
  },
];

test("run proposes names for what only evaluating tells", async () => {
  const config = writeConfig(out + evaluated.map(({ text }) => `${text}\n`).join(""));
  const storage = ["--storage.path", temporaryFolder()];
  const { code, stderr } = await runCli(["run", "--server.http.listen-addr=127.0.0.1:0", ...storage, config]);
  expect(code).toBe(1);
  const found = stderr.split(/^(?=Error: )/m).map(text => {
    const [, message] = /^Error: \S+:\d+:\d+: (.*)$/m.exec(text) ?? [];
    return { message, hint: /^Hint: (.*)$/m.exec(text)?.[1] };
  });
  expect(found.slice(0, -1)).toEqual(evaluated.map(({ message, hint }) => ({ message, hint: hintOf(hint) })));
});

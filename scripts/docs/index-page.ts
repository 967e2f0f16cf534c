/** The first page of the reference: everything by family, with what is there and what is not. */
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { code, slug, table } from "./markdown.ts";
import type { Reference, ReferenceComponent } from "./reference.ts";

export function indexPage({ components, blocks, functions, alloy }: Reference): string {
  const supported = components.filter(each => each.supported);
  const ours = supported.filter(each => each.onlyInAmalgam).length;
  const known = components.length - ours;
  return [
    "# Reference",
    "",
    `All components, blocks and functions of the configuration language, as Alloy ${alloy} has them. Of Alloy's ${known} components`,
    `${supported.length - ours} are there, and ${ours} that only Amalgam ${ours === 1 ? "has" : "have"}. These pages are made from the code by \`npm run docs\`; the same as data is`,
    "[`components.json`](components.json), described by [`components.schema.json`](components.schema.json).",
    "",
    ...table(
      ["family", "there", "of Alloy's", "only in Amalgam"],
      families(components).map(([family, members]) => {
        const there = members.filter(each => each.supported);
        const own = there.filter(each => each.onlyInAmalgam).length;
        const name = there.length ? `[${family}](#${slug(family)})` : family;
        return [name, String(there.length - own), String(members.length - own), own ? String(own) : ""];
      }),
    ),
    "## How to read the pages",
    "",
    "An argument is written `name = value`, a block `name { … }`. What has no default and isn't required is simply missing when it isn't given.",
    "",
    ...table(["type", "what is written"], typeRows),
    "Numbers are taken where a `string` is wanted, and texts of digits where a `number` is. A `secret` is taken where a `secret` is wanted only;",
    "[`convert.nonsensitive`](functions/convert.nonsensitive.md) makes a text of it.",
    "",
    "*Refused* is what Alloy has and Amalgam can't do, or not yet: a configuration with it does not load, and says why. *Accepted* is what only",
    "tunes Alloy's own process: it is checked and changes nothing.",
    "",
    "Components that are not marked are generally available. The others need `--stability.level=public-preview` or `--stability.level=experimental`.",
    "",
    "## Components",
    "",
    ...families(components).flatMap(([family, members]) => familySection(family, members)),
    "## Blocks",
    "",
    ...table(
      ["block", "what it does"],
      blocks.map(({ name, page, summary, stability }) => [`[${code(name)}](${page})${mark(stability)}`, summary]),
    ),
    "## Functions",
    "",
    "",
    ...table(
      ["function", "what it does"],
      [
        ...functions.map(({ page, signature, summary, stability }) => [
          `[${code(signature)}](${page})${mark(stability)}`,
          summary,
        ]),
        ["[`constants`](functions/constants.md)", "Values that say where a configuration runs."],
      ],
    ),
    ...deprecated(functions),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/\n+$/, "\n");
}

const typeRows: readonly (readonly string[])[] = [
  ["`string`", '`"text"`, or `` `text without escapes` ``'],
  ["`number`", "`3`, `0.5`"],
  ["`bool`", "`true` or `false`"],
  ["`duration`", '`"1m30s"`: a number with `ns`, `us`, `ms`, `s`, `m` or `h`, any number of times'],
  ["`size`", '`"512KiB"`, `"1.5MB"`: both count by 1024'],
  ["`list(T)`, `map(T)`", '`[value, value]`, `{key = value, "other key" = value}`'],
  ["`any`", "a value of any kind"],
  ["`secret`", "a text, or what a component exports as a secret; nothing prints it"],
  ["`optional_secret`", "content that is a secret or a text"],
  [
    "`target`",
    'what to scrape, as `discovery.*` components export it, or `{"__address__" = "host:port", label = "value"}`',
  ],
  [
    "`LogsReceiver`, `MetricsReceiver`, `otelcol.Consumer`",
    "where data goes: the `receiver` or `input` that a component exports",
  ],
  ["`RelabelRules`, `auth.Handler`", "what another component exports under that type"],
];

const families = (components: readonly ReferenceComponent[]): [string, ReferenceComponent[]][] =>
  [...Map.groupBy(components, ({ family }) => family)].sort(([a], [b]) => (a < b ? -1 : 1));

function familySection(family: string, members: readonly ReferenceComponent[]): string[] {
  const there = members.filter(each => each.supported);
  const missing = members.filter(each => !each.supported).map(({ name }) => code(name));
  return [
    `### ${family}`,
    "",
    ...table(
      ["component", "what it does"],
      there.map(({ name, page = "", summary = "", stability, onlyInAmalgam }) => [
        `[${code(name)}](${page})${mark(stability)}${onlyInAmalgam ? " *only in Amalgam*" : ""}`,
        summary,
      ]),
    ),
    ...(missing.length
      ? [`${there.length ? "Not there yet" : "Nothing of it is there yet"}: ${missing.join(", ")}`, ""]
      : []),
  ];
}

export const stabilityWords = (stability: Stability | "community"): string => stability.replaceAll("-", " ");

const mark = (stability: Stability | "community"): string =>
  stability === "generally-available" ? "" : ` *${stabilityWords(stability)}*`;

function deprecated(functions: Reference["functions"]): string[] {
  const old = functions.flatMap(({ name, page, deprecated: alias }) => (alias ? [{ alias, name, page }] : []));
  return [
    `Older names that still work, with a warning of \`amalgam validate\`: ${old
      .map(({ alias, name, page }) => `${code(alias)} for [${code(name)}](${page})`)
      .join(", ")}.`,
    "",
  ];
}

/** What is to say of blocks that are one of several kinds, which schemas don't describe. By component, then by block. */
import { unsupportedVariants } from "../../lib/pipeline/components/loki/process/unsupported.ts";
import type { Variant, Variants } from "./model.ts";

const stages: Readonly<Record<string, string>> = {
  cri: "Reads lines in the format of container runtimes (CRI), and joins partial ones.",
  decolorize: "Removes colours and other terminal sequences from the line.",
  docker: "Reads lines of Docker's JSON log driver: the text, its time, and the stream as a label.",
  drop: "Drops entries for which all given conditions hold.",
  eventlogmessage: "Takes the `key: value` lines of a Windows event's message into the extracted values.",
  geoip: "Looks up where an IP address is.",
  json: "Takes values out of a JSON object into the extracted values.",
  label_drop: "Removes labels by name.",
  label_keep: "Removes all labels but the named ones.",
  labels: "Makes labels of extracted values or of structured metadata.",
  limit: "Bounds how many entries go on in a second.",
  logfmt: "Takes values out of `key=value` pairs into the extracted values.",
  luhn: "Replaces numbers with a right check digit by Luhn's algorithm, as those of payment cards.",
  match: "Runs stages on the entries that a selector fits, or drops these.",
  metrics: "Makes metrics of entries.",
  multiline: "Joins lines that belong together into one entry.",
  output: "Makes an extracted value the line.",
  pack: "Puts the line and some labels into one JSON object, which becomes the line.",
  pattern: "Takes values out of a text by a LogQL pattern into the extracted values.",
  regex: "Takes the named groups of a regular expression into the extracted values.",
  replace: "Replaces what the groups of a regular expression match by what a template makes of it.",
  sampling: "Keeps a share of the entries, chosen at random.",
  split_json: "Makes an entry of each element of a JSON array.",
  static_labels: "Sets labels to fixed values.",
  structured_metadata: "Makes structured metadata of extracted values and labels.",
  structured_metadata_drop: "Removes structured metadata by name.",
  template: "Sets an extracted value to what a template gives.",
  tenant: "Sets the tenant that the entry is written for.",
  timestamp: "Sets the entry's time to one that an extracted value holds.",
  truncate: "Cuts lines, labels, structured metadata or extracted values that are too long.",
  windowsevent: "Takes the fields of a Windows event's message into the extracted values.",
};

const refusedStages: ReadonlySet<string> = new Set(Object.keys(unsupportedVariants));

const stage = ([name, description]: [string, string]): [string, Variant] => [
  `stage.${name}`,
  { description, ...(refusedStages.has(name) && { refused: "is not supported yet" }) },
];

const processVariants: Variants = {
  ...Object.fromEntries(Object.entries(stages).map(stage)),
  "metric.counter": { description: "A metric that only grows." },
  "metric.gauge": { description: "A metric that goes up and down." },
  "metric.histogram": { description: "Counts of values by their size." },
};

export const variantsOf = (component: string): Variants => variants[component] ?? {};

const logins: Readonly<Record<string, string>> = {
  approle: "With the id of a role and a secret id.",
  aws: "With the identity that AWS gives, such as that of the function's role.",
  azure: "With the function's managed identity.",
  custom: "At any path, with any data.",
  gcp: "With the function's service account of Google Cloud.",
  kubernetes: "With the service account of a pod.",
  ldap: "With a user of an LDAP server.",
  token: "With a token of Vault's.",
  userpass: "With a user that Vault knows.",
};

const login = ([name, description]: [string, string]): [string, Variant] => [
  `auth.${name}`,
  { description, single: true },
];

const variants: Readonly<Record<string, Variants>> = {
  "loki.process": processVariants,
  "remote.vault": Object.fromEntries(Object.entries(logins).map(login)),
};

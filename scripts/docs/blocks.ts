/** The language's own blocks: those that configure the process, and those that make custom components. */
import { httpClientArgs, tlsConfig } from "../../lib/pipeline/components/http-client.ts";
import { importDefinitions } from "../../lib/pipeline/components/index.ts";
import {
  block,
  defaultBlock,
  type ObjectSchema,
  object,
  optional,
  required,
  requiredBlock,
} from "../../lib/pipeline/eval/schema.ts";
import { any, bool, duration, list, map, oneOf, secret, string } from "../../lib/pipeline/eval/types.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { configBlocks } from "../../lib/pipeline/graph/config-blocks.ts";

export interface LanguageBlock {
  readonly name: string;
  readonly summary: string;
  readonly stability: Stability;
  /** What the label is; absent where there is none. */
  readonly label?: string;
  readonly schema: ObjectSchema<unknown>;
  readonly exports?: ObjectSchema<unknown>;
  readonly inFunctions: string;
  readonly notes?: readonly string[];
  /** Where the body isn't made of arguments. */
  readonly usage?: string;
}

const none = object({});

const process: readonly Omit<LanguageBlock, "schema">[] = [
  {
    name: "http",
    summary:
      "Says how the process' own HTTP server is protected: the one with the status page, its API, the metrics and the reload.",
    stability: "generally-available",
    inFunctions: "There is no such server in a function, so the block is checked and does nothing.",
  },
  {
    name: "livedebugging",
    summary: "Says whether the status page shows the data that flows.",
    stability: "generally-available",
    inFunctions: "There is no status page in a function, so the block is checked and does nothing.",
    notes: [
      "Alloy shows data only with `enabled = true`. The page of Amalgam shows it unless the block forbids it, since only this machine can reach the page; see [the status page](../../status-page.md).",
    ],
  },
  {
    name: "logging",
    summary: "Says what the process logs of itself, and how.",
    stability: "generally-available",
    inFunctions: "The log goes to the function's own log, where every line is paid for.",
  },
  {
    name: "remotecfg",
    summary: "Loads a further configuration from a server, again and again.",
    stability: "public-preview",
    inFunctions:
      "A function's configuration is part of its bundle: the infrastructure is made from it, and what came later would have none. So a block with a `url` is refused there.",
  },
  {
    name: "tracing",
    summary:
      "In Alloy it says where the process sends traces of itself. Amalgam makes none, so the block is checked and does nothing.",
    stability: "generally-available",
    inFunctions: "It does nothing there, either.",
  },
];

const modules: readonly LanguageBlock[] = [
  {
    name: "argument",
    summary: "Declares an argument of a custom component, or of a module that is imported.",
    stability: "generally-available",
    label: "NAME",
    schema: object({
      optional: optional(bool, false, "Whether the argument may be left out."),
      default: optional(
        any,
        undefined,
        "Its value where it is left out; null without it. Only with `optional = true`.",
      ),
      comment: optional(string, "", "What the argument is for; nothing reads it."),
    }),
    exports: object({ value: required(any, "What the user of the custom component has given, or the default.") }),
    inFunctions: "It is the same in a function.",
    notes: [
      "It stands in a [`declare`](declare.md) block only. Inside of that, expressions read it as `argument.NAME.value`. A value may be anything: a text, a list, a receiver, the exports of a component.",
      "An argument that is given as null counts as given.",
    ],
  },
  {
    name: "declare",
    summary:
      "Defines a custom component: a part of a pipeline under a name, with arguments and exports of its own, to be used any number of times.",
    stability: "generally-available",
    label: "NAME",
    schema: none,
    inFunctions:
      "Custom components are built at the cold start as all others are. What their components ask of the infrastructure is asked for each use: two uses with a listener each make two listeners.",
    notes: [
      'A use is a block of the definition\'s name: `NAME "LABEL" { … }`, with an attribute for each [`argument`](argument.md). What the definition [exports](export.md) is read as `NAME.LABEL.EXPORT`.',
      "Inside there may be `argument`, `export`, `declare` and `import.*` blocks, `foreach`, and components. Expressions there see only what is inside; of the outside only definitions and imports can be used. A definition can't use itself, neither directly nor through others. One of the same name further inside hides it.",
    ],
    usage: `declare "NAME" {\n\targument "ARGUMENT" { }\n\n\t// components\n\n\texport "EXPORT" {\n\t\tvalue = VALUE\n\t}\n}\n\nNAME "LABEL" {\n\tARGUMENT = VALUE\n}\n`,
  },
  {
    name: "export",
    summary: "Declares what a custom component exports.",
    stability: "generally-available",
    label: "NAME",
    schema: object({ value: required(any, "What is exported, of any kind.") }),
    inFunctions: "It is the same in a function.",
    notes: [
      "It stands in a [`declare`](declare.md) block only. Outside, the value is read as `COMPONENT.LABEL.NAME`, or all exports together as the object `COMPONENT.LABEL`.",
    ],
  },
  {
    name: "foreach",
    summary: "Runs a part of a pipeline once for each item of a list.",
    stability: "experimental",
    label: "LABEL",
    schema: object({
      collection: required(list(any), "The items, of any kind, mixed if need be."),
      var: required(string, "Name under which expressions in the template read the item."),
      id: optional(string, "", "Field of the items that names their components; by default the item itself does."),
      hash_string_id: optional(bool, false, "Names components by a hash where the name is a text."),
      enable_metrics: optional(bool, false, "Accepted; the metrics of the components are always kept."),
      template: requiredBlock(none, "The components, as at the top of a configuration."),
    }),
    inFunctions:
      "The items are known at the cold start, as the infrastructure is made from them; what they are must not depend on when that is.",
    notes: [
      "Components in the template may use all that is outside. What is outside can't use what is in the template.",
      "An empty list runs nothing, and items may be equal.",
    ],
    usage: `foreach "LABEL" {\n\tcollection = [ITEM]\n\tvar        = "NAME"\n\n\ttemplate {\n\t\t// components, which use NAME\n\t}\n}\n`,
  },
  {
    name: "import.file",
    summary: "Makes the custom components of a file, or of all files of a folder, known under a name.",
    stability: "generally-available",
    label: "NAMESPACE",
    schema: object({
      filename: required(string, "A file, or a folder whose `*.alloy` files are joined into one module."),
      detector: optional(
        oneOf("detector", ["fsnotify", "poll"]),
        "fsnotify",
        "How changes are noticed: by the file system's events, or by reading again.",
      ),
      poll_frequency: optional(duration, "1m", "Time between two looks, where they are by reading again."),
    }),
    inFunctions: "The files are read when the function is bundled and are part of the bundle.",
    notes: [
      'With the label `NAMESPACE`, the definition `NAME` of a file is used as `NAMESPACE.NAME "LABEL" { … }`. A module has definitions and further imports only.',
      '`module_path` is the folder of the file that an expression stands in, so that a module can import its neighbours: `file.path_join(module_path, "other.alloy")`.',
    ],
  },
  {
    name: "import.git",
    summary: "Makes the custom components in a Git repository known under a name.",
    stability: "generally-available",
    label: "NAMESPACE",
    schema: object({
      repository: required(string, "The repository's address, as `git clone` takes it."),
      path: required(string, "A file in it, or a folder whose `*.alloy` files are joined into one module."),
      revision: optional(string, "HEAD", "A branch, a tag or a commit."),
      pull_frequency: optional(duration, "1m", "Time between two looks at the repository; 0 looks once."),
      proxy_url: optional(string, undefined, "Proxy for all requests."),
      no_proxy: optional(
        string,
        undefined,
        "Hosts, domains and networks that are reached without the proxy, separated by commas.",
      ),
      proxy_from_environment: optional(bool, false, "Takes the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY."),
      basic_auth: block(
        object({
          username: optional(string, undefined, "User."),
          password: optional(secret, undefined, "Password, or a token."),
        }),
        "Basic authentication at an HTTP address.",
      ),
      ssh_key: block(
        object({
          username: required(string, "User, `git` at most hosts."),
          key: optional(secret, undefined, "The private key."),
          key_file: optional(string, "", "File with the private key."),
          passphrase: optional(secret, undefined, "What the key is encrypted with."),
        }),
        "The key for an SSH address.",
      ),
      tls_config: block(tlsConfig, "TLS of the connection."),
    }),
    inFunctions:
      "The repository is read when the function is bundled, and what the path leads to is part of the bundle.",
    notes: [
      "Used as [`import.file`](import.file.md) is. `module_path` is the folder of the file in a copy of the whole repository, so modules in it can import their neighbours.",
    ],
  },
  {
    name: "import.http",
    summary: "Makes the custom components of a text behind a URL known under a name.",
    stability: "generally-available",
    label: "NAMESPACE",
    schema: object({
      url: required(string, "The URL to read."),
      method: optional(string, "GET", "Method of the request."),
      headers: optional(map(string), {}, "Headers of the request."),
      body: optional(string, "", "Body of the request."),
      poll_frequency: optional(duration, "1m", "Time between two looks at the URL."),
      poll_timeout: optional(duration, "10s", "Time that a read may take."),
      client: defaultBlock(httpClientArgs, "The HTTP client."),
    }),
    inFunctions: "The URL is read when the function is bundled, and its content is part of the bundle.",
    notes: ["Used as [`import.file`](import.file.md) is."],
  },
  {
    name: "import.string",
    summary:
      "Makes the custom components of a text known under a name: one that another component exports, or one that is written out.",
    stability: "generally-available",
    label: "NAMESPACE",
    schema: object({ content: required(string, "The module's text. Secrets are not taken.") }),
    inFunctions: "The text must be known when the function is bundled.",
    notes: ["Used as [`import.file`](import.file.md) is."],
  },
];

/** All blocks that can be used, sorted by name. */
export const languageBlocks = (): readonly LanguageBlock[] =>
  [
    ...process.flatMap(each => {
      const schema = configBlocks.get(each.name);
      return schema ? [{ ...each, schema }] : [];
    }),
    ...modules.map(each => ({ ...each, ...importFields(each.name) })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));

/** What the definition of an import says itself. */
function importFields(name: string): Partial<LanguageBlock> {
  const { args, inFunctions } = importDefinitions.get(name) ?? {};
  return { ...(args && { schema: args }), ...(inFunctions !== undefined && { inFunctions }) };
}

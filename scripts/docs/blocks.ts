/** The language's own blocks: those that configure the process, and those that make custom components. */
import { importDefinitions } from "../../lib/pipeline/components/index.ts";
import { type ObjectSchema, object, required } from "../../lib/pipeline/eval/schema.ts";
import { any } from "../../lib/pipeline/eval/types.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { configBlocks } from "../../lib/pipeline/graph/config-blocks.ts";
import { argumentArgs, exportArgs, foreachArgs } from "../../lib/pipeline/graph/language.ts";

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

/** What the definition of an import says itself. */
function imported(name: string): Pick<LanguageBlock, "schema" | "inFunctions"> {
  const { args = none, inFunctions = "" } = importDefinitions.get(name) ?? {};
  return { schema: args, inFunctions };
}

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
    summary:
      "Loads a further configuration from a server, again and again. It runs beside the file's, with `remotecfg/` before the ids of its components; the last one that loaded is kept for a start without the server, in the storage path or in the state store of a function.",
    stability: "generally-available",
    inFunctions:
      "Asked at the cold start, and before an invocation when `poll_frequency` has passed; see [configurations from elsewhere](../../remote-configuration.md). Its bundle has all components, or those that `amalgam bundle --components` names; what calls the function is as it was deployed.",
  },
  {
    name: "tracing",
    summary: "Says where the process sends traces of itself, and which of them.",
    stability: "generally-available",
    inFunctions: "A function makes no traces of itself, so the block is checked and does nothing.",
  },
];

const modules: readonly LanguageBlock[] = [
  {
    name: "argument",
    summary: "Declares an argument of a custom component, or of a module that is imported.",
    stability: "generally-available",
    label: "NAME",
    schema: argumentArgs,
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
    schema: exportArgs,
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
    schema: foreachArgs,
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
    ...imported("import.file"),
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
    ...imported("import.git"),
    notes: [
      "Used as [`import.file`](import.file.md) is. `module_path` is the folder of the file in a copy of the whole repository, so modules in it can import their neighbours.",
    ],
  },
  {
    name: "import.http",
    summary: "Makes the custom components of a text behind a URL known under a name.",
    stability: "generally-available",
    label: "NAMESPACE",
    ...imported("import.http"),
    notes: ["Used as [`import.file`](import.file.md) is."],
  },
  {
    name: "import.string",
    summary:
      "Makes the custom components of a text known under a name: one that another component exports, or one that is written out.",
    stability: "generally-available",
    label: "NAMESPACE",
    ...imported("import.string"),
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
    ...modules,
  ].sort((a, b) => (a.name < b.name ? -1 : 1));

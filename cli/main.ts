#!/usr/bin/env node
/** The command line. Each command is a file of its own, loaded only when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";
import { nodeProblem } from "../functions/needed-node.ts";
import { addLetterFilter, addLetterPlace, count, rate } from "./letter-options.ts";

const problem = nodeProblem();
if (problem !== undefined) {
  console.error(`Error: ${problem}`);
  process.exit(1);
}

const program = new Command("amalgam")
  .description("Grafana Alloy without a server: runs an Alloy configuration as cloud functions or as one local process")
  .version("0.1.0")
  .configureHelp({ showGlobalOptions: true });

const stability = new Option("--stability.level <level>", "least stable components and features to allow")
  .choices(["experimental", "public-preview", "generally-available"])
  .default("generally-available");

const community = new Option("--feature.community-components.enabled", "allow components of the community");

const configArgument = "a file, or a folder whose *.alloy files are one configuration";

const anyConfig = `${configArgument}, s3://BUCKET/KEY or https://HOST/PATH`;

program
  .command("run")
  .description("run a configuration in this process")
  .argument("<config>", configArgument)
  .option(
    "--server.http.listen-addr <address>",
    "where the status page, metrics and health are served",
    "127.0.0.1:12345",
  )
  .option("--storage.path <folder>", "where state is kept", "data-amalgam/")
  .addOption(stability)
  .addOption(community)
  .addOption(new Option("--disable-reporting", "accepted for Alloy's sake; nothing is ever reported").hideHelp())
  .addHelpText(
    "after",
    help(
      "run --storage.path=/var/lib/amalgam config.alloy",
      "0 stopped by SIGTERM or SIGINT, 1 the configuration does not load, or an address is taken",
    ),
  )
  .action(async (config: string, options: Record<string, string>) => {
    const { run } = await import("./run.ts");
    process.exitCode = await run(config, {
      listen: address(options["server.http.listenAddr"] as string), // has a default
      storagePath: options["storage.path"] as string, // has a default
      stability: options["stability.level"] as "generally-available", // one of the choices
      community: "feature.communityComponents.enabled" in options,
    });
  });

program
  .command("fmt")
  .alias("format")
  .description("print configurations in the canonical format")
  .argument("[paths...]", "files, folders (every *.alloy file below), or `-` for standard input, as without any path")
  .option("-w, --write", "write the result into the files instead of printing it")
  .option("-t, --test", "name the files that are not formatted and exit with 1 if there are any")
  .addHelpText(
    "after",
    help("fmt -w config.alloy modules/", "0 done, 1 a file can't be formatted, or --test found one that isn't"),
  )
  .action(async (paths: string[], options: { write?: true; test?: true }) => {
    const { fmt } = await import("./fmt.ts");
    process.exitCode = fmt(paths, options);
  });

program
  .command("validate")
  .description("say everything that is wrong with a configuration, without running it")
  .argument("[config]", `${anyConfig}, or \`-\` for standard input`)
  .option("--json", "print what is wrong as JSON, for editors; also of files that are half written")
  .option("--stdin-filename <name>", "read this file of the configuration from standard input, as it will be saved")
  .option("--hints", "say what may be meant by a misspelt name, as on a terminal")
  .addOption(stability)
  .addOption(community)
  .addHelpText("after", help("validate config.alloy", "0 nothing is wrong, 1 something is, or it can't be read"))
  .action(async (config: string | undefined, options: Record<string, string>) => {
    const { validate } = await import("./validate.ts");
    process.exitCode = await validate(config, {
      json: "json" in options,
      hints: "hints" in options,
      stdinName: options["stdinFilename"],
      stability: options["stability.level"] as "generally-available", // one of the choices
      community: "feature.communityComponents.enabled" in options,
    });
  });

program
  .command("graph")
  .description("show the components of a configuration, what calls them, and where their data goes")
  .argument("<config>", anyConfig)
  .addOption(new Option("--format <format>", "what to print").choices(["text", "json", "svg", "mermaid", "dot"]))
  .addOption(new Option("--json", "the same as --format=json").conflicts("format"))
  .addOption(stability)
  .addHelpText(
    "after",
    help("graph --format=svg config.alloy > graph.svg", "0 printed, 1 the configuration does not load"),
  )
  .action(async (config: string, options: Record<string, string>) => {
    const { graph } = await import("./graph.ts");
    process.exitCode = await graph(config, {
      format: (options["format"] ?? ("json" in options ? "json" : "text")) as "text", // one of the choices
      stability: options["stability.level"] as "generally-available", // one of the choices
    });
  });

program
  .command("invoke")
  .description("run one cloud event through a configuration, as a function would, and print the answer")
  .argument("<config>", anyConfig)
  .argument("<event>", "a file with the event as JSON; the package has one of each kind in events/")
  .addOption(stability)
  .addHelpText(
    "after",
    help(
      "invoke config.alloy events/cloudwatch-logs.json",
      "0 answered, 1 the configuration does not load, or the invocation failed",
    ),
  )
  .action(async (config: string, event: string, options: Record<string, string>) => {
    const { invoke } = await import("./invoke.ts");
    process.exitCode = await invoke(config, event, { stability: options["stability.level"] as "generally-available" }); // one of the choices
  });

program
  .command("bundle")
  .description("write a configuration and the components that it names as a function, ready to deploy")
  .argument("[config]", `${anyConfig}; with --remote it may be left out`)
  .requiredOption("--out <folder>", "where the function is written")
  .addOption(new Option("--target <cloud>", "where it runs").choices(["aws"]).default("aws"))
  .option("--files <file...>", "files that the configuration reads, relative to its folder")
  .option("--remote", "for any configuration that AMALGAM_CONFIG names, as s3://BUCKET/KEY; an address implies it")
  .option(
    "--components <patterns>",
    "components that such a one may name, as loki.*,prometheus.scrape (default: all)",
    names,
  )
  .addOption(stability)
  .addHelpText(
    "after",
    help("bundle --target=aws --out=build config.alloy", "0 written, 1 the configuration does not load"),
  )
  .action(async (config: string | undefined, options: Record<string, string | string[]>) => {
    const { writeBundle } = await import("./bundle.ts");
    await writeBundle(config, {
      outdir: options["out"] as string, // required
      stability: options["stability.level"] as "generally-available", // one of the choices
      files: (options["files"] as string[] | undefined) ?? [], // any number of words
      ...("remote" in options && { remote: true }),
      components: options["components"] as string[] | undefined, // parsed above
    });
  });

program
  .command("cost")
  .description("estimate what a configuration costs in a month on AWS, with all that the number rests on")
  .argument("<config>", anyConfig)
  .requiredOption("--gb-per-day <gigabytes>", "telemetry that arrives, before compression", Number)
  .option("--events-per-day <count>", "invocations with data (default: one for each 100 kB)", Number)
  .option("--memory <megabytes>", "memory of a function", Number, 512)
  .addOption(new Option("--arch <architecture>", "its processor").choices(["arm64", "x86_64"]).default("arm64"))
  .option("--region <region>", "whose prices count", "us-east-1")
  .option("--via <trigger>", "what the data comes through, as http or queue (default: the first that there is)")
  .option("--json", "print the estimate as JSON")
  .addOption(stability)
  .addHelpText("after", help("cost --gb-per-day=10 config.alloy", "0 estimated, 1 the configuration does not load"))
  .action(async (config: string, options: Record<string, unknown>) => {
    const { cost } = await import("./cost.ts");
    process.exitCode = await cost(config, {
      gbPerDay: options["gbPerDay"] as number, // parsed above
      eventsPerDay: options["eventsPerDay"] as number | undefined, // parsed above
      memory: options["memory"] as number, // has a default
      architecture: options["arch"] as "arm64", // one of the choices
      region: options["region"] as string, // has a default
      via: options["via"] as string | undefined, // any text
      json: "json" in options,
      stability: options["stability.level"] as "generally-available", // one of the choices
    });
  });

const letters = program
  .command("dead-letters")
  .description("look at what backends refused for good; `amalgam replay` sends it again");

addLetterFilter(letters.command("list"))
  .description("list dead letters, the oldest first")
  .option("--limit <count>", "most letters", count, 100)
  .option("--json", "print a line of JSON for each letter")
  .addHelpText("after", help("dead-letters list --component='loki.*' --since=1h", "0 listed, 1 they can't be read"))
  .action(async options => {
    const { list } = await import("./dead-letters.ts");
    process.exitCode = await list(options);
  });

addLetterPlace(letters.command("show"))
  .description("show a dead letter")
  .argument("<id>", "its id, or the beginning of it")
  .option("--body", "also what it holds, readable, with secrets taken out")
  .option("--json", "print it as JSON")
  .addOption(
    new Option("--raw", "only the bytes that it holds, as they are, with any secrets").conflicts(["body", "json"]),
  )
  .addHelpText("after", help("dead-letters show --body 00001763737200", "0 shown, 1 there is none, or several"))
  .action(async (id: string, options) => {
    const { show } = await import("./dead-letters.ts");
    process.exitCode = await show(id, options);
  });

addLetterFilter(letters.command("stats"))
  .description("count dead letters by component, destination, reason and hour")
  .option("--json", "print the counts as JSON")
  .addHelpText("after", help("dead-letters stats --from=s3://letters/shop", "0 counted, 1 they can't be read"))
  .action(async options => {
    const { stats } = await import("./dead-letters.ts");
    process.exitCode = await stats(options);
  });

addLetterFilter(program.command("replay"))
  .description(
    "send dead letters again, through the writers of a configuration; those that a backend takes are deleted",
  )
  .argument("<config>", anyConfig)
  .option("--to <component>", "send all of them through this writer; otherwise each goes through its own")
  .option("--rate <letters>", "send no more than these, as 10/s or 600/m", rate)
  .option("--dry-run", "say what would be sent, and send nothing")
  .option("--keep", "keep letters that were sent; they are remembered, and not sent again")
  .option("--again", "send also what was replayed before")
  .addOption(stability)
  .addHelpText(
    "after",
    help(
      "replay --rate=10/s --since=1d config.alloy",
      "0 all of them are sent, 1 some are not, 130 it was stopped at once",
    ),
  )
  .action(async (config: string, options) => {
    const { replay } = await import("./replay.ts");
    process.exitCode = await replay(config, { ...options, stability: options["stability.level"] });
  });

/** What stands below the options. */
function help(example: string, exits: string): string {
  return `\nExample:\n  $ amalgam ${example}\n\nExit codes: ${exits}.`;
}

/** Of texts with commas between. */
function names(value: string): string[] {
  return value
    .split(",")
    .map(each => each.trim())
    .filter(each => each !== "");
}

function address(value: string): { host: string; port: number } {
  const at = value.lastIndexOf(":");
  const port = Number(value.slice(at + 1));
  if (at < 0 || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError(`should be HOST:PORT, got ${value}`);
  return { host: value.slice(0, at).replace(/^\[|\]$/g, ""), port };
}

// who reads the output may have seen enough
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  // a file that can't be read, an address that is taken
  const { failureText } = await import("./failure.ts");
  process.stderr.write(`Error: ${failureText(error)}\n`);
  process.exit(1);
}

#!/usr/bin/env node
/** The command line. Each command is a file of its own, loaded only when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";

const program = new Command("amalgam")
  .description("Grafana Alloy without a server: runs an Alloy configuration as cloud functions or as one local process")
  .version("0.1.0")
  .configureHelp({ showGlobalOptions: true });

const stability = new Option("--stability.level <level>", "least stable components and features to allow")
  .choices(["experimental", "public-preview", "generally-available"])
  .default("generally-available");

const community = new Option("--feature.community-components.enabled", "allow components of the community");

program
  .command("run")
  .description("run a configuration (a file, or a folder of *.alloy files) in this process")
  .argument("<config>")
  .option("--server.http.listen-addr <address>", "address of the status page, metrics and health", "127.0.0.1:12345")
  .option("--storage.path <folder>", "where state is kept", "data-amalgam/")
  .addOption(stability)
  .addOption(community)
  .addOption(new Option("--disable-reporting", "accepted for Alloy's sake; nothing is ever reported").hideHelp())
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
  .description("print a configuration in the canonical format")
  .argument("[file]", "a file; `-` or nothing: standard input")
  .option("-w, --write", "write the result into the file")
  .option("-t, --test", "exit with 1 if the file is not formatted")
  .action(async (file: string | undefined, options: { write?: true; test?: true }) => {
    const { fmt } = await import("./fmt.ts");
    process.exitCode = fmt(file, options);
  });

program
  .command("validate")
  .description("check a configuration without running it")
  .argument("<config>")
  .option("--json", "print diagnostics as JSON, for editors")
  .addOption(stability)
  .addOption(community)
  .action(async (config: string, options: Record<string, string>) => {
    const { validate } = await import("./validate.ts");
    process.exitCode = await validate(config, {
      json: "json" in options,
      stability: options["stability.level"] as "generally-available", // one of the choices
      community: "feature.communityComponents.enabled" in options,
    });
  });

program
  .command("graph")
  .description("print the components of a configuration, what calls them, and what they need of the cloud")
  .argument("<config>")
  .option("--json", "print as JSON, for tools")
  .addOption(stability)
  .action(async (config: string, options: Record<string, string>) => {
    const { graph } = await import("./graph.ts");
    process.exitCode = await graph(config, {
      json: "json" in options,
      stability: options["stability.level"] as "generally-available",
    }); // one of the choices
  });

program
  .command("invoke")
  .description("run one cloud event through a configuration, as a function would, and print the answer")
  .argument("<config>")
  .argument("<event>", "a file with the event as JSON; see events/")
  .addOption(stability)
  .action(async (config: string, event: string, options: Record<string, string>) => {
    const { invoke } = await import("./invoke.ts");
    process.exitCode = await invoke(config, event, { stability: options["stability.level"] as "generally-available" }); // one of the choices
  });

program
  .command("bundle")
  .description("write a configuration and the components that it names as a function, ready to deploy")
  .argument("<config>")
  .requiredOption("--out <folder>", "where the function is written")
  .addOption(stability)
  .action(async (config: string, options: Record<string, string>) => {
    const { writeBundle } = await import("./bundle.ts");
    await writeBundle(config, {
      outdir: options["out"] as string, // required
      stability: options["stability.level"] as "generally-available", // one of the choices
    });
  });

function address(value: string): { host: string; port: number } {
  const at = value.lastIndexOf(":");
  const port = Number(value.slice(at + 1));
  if (at < 0 || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError(`should be HOST:PORT, got ${value}`);
  return { host: value.slice(0, at).replace(/^\[|\]$/g, ""), port };
}

try {
  await program.parseAsync();
} catch (error) {
  // a file that can't be read, an address that is taken
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

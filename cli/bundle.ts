/** `amalgam bundle`: the function of a configuration, ready to deploy. */
import { type BundleOptions, bundle, compressedSize } from "../functions/bundle.ts";

/** Says what was written and how large it is, all files together. */
export async function writeBundle(
  config: string,
  options: Required<Pick<BundleOptions, "outdir" | "stability">>,
): Promise<void> {
  const { file, files, bytes, components } = await bundle({ config, target: "aws", ...options });
  process.stdout.write(
    [
      `${file} (handler: index.handler)`,
      `${kibibytes(bytes)}, ${kibibytes(compressedSize(files))} compressed`,
      ...components.map(name => `  ${name}`),
      "",
    ].join("\n"),
  );
}

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;

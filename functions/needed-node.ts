/** What is wrong with the version of Node that runs this, in one line: without it, an older one fails anywhere, with anything. */
export const nodeProblem = (version: string = process.versions.node): string | undefined =>
  Number.parseInt(version, 10) < 24 ? `amalgam needs Node 24 or newer, got ${version}` : undefined;

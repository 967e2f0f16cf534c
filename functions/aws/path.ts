/** A path from a gateway's template: `/{proxy+}` with `{ proxy: "v1/traces" }` is `/v1/traces`. */
export const fillTemplate = (
  template: string,
  values: Readonly<Record<string, string | undefined>> | null | undefined,
): string => template.replace(/\{([^{}+]+)\+?\}/g, (_, name: string) => values?.[name] ?? "");

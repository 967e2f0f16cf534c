/** Reads the variable `AMALGAM_METRICS`. A file of its own, as few functions have it set. */

export type MetricsMode =
  | { readonly kind: "off" }
  | { readonly kind: "emf"; readonly components: boolean }
  | { readonly kind: "otlp"; readonly component: string };

/** Where the variable says that metrics go. */
export function metricsMode(text: string): MetricsMode {
  if (text === "off") return { kind: "off" };
  if (text === "emf" || text === "emf:components") return { kind: "emf", components: text === "emf:components" };
  const component = /^otlp:(\S+)$/.exec(text)?.[1];
  if (component !== undefined) return { kind: "otlp", component };
  throw new Error(
    `AMALGAM_METRICS should be emf, emf:components, otlp: and the id of a component, or off, got ${text}`,
  );
}

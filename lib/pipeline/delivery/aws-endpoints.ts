/** Where services of AWS are, by the variables that its SDKs read too. */

type Environment = Readonly<Record<string, string | undefined>>;

/** The region that is set, or that of the function. */
export const regionOf = (set: string, environment: Environment = process.env): string =>
  set || environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "";

/** Where a service is: as set, or as the variables of the SDKs say; `undefined`: where AWS has it. */
export const endpointOf = (set: string, service: string, environment: Environment = process.env): string | undefined =>
  set || environment[`AWS_ENDPOINT_URL_${service}`] || environment["AWS_ENDPOINT_URL"] || undefined;

/** `amazonaws.com`, or what other partitions have in its place. */
export const awsDomain = (region: string): string => (region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com");

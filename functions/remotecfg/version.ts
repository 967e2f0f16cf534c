import { userAgent } from "../../lib/pipeline/delivery/user-agent.ts";

/** As servers are told it: `v0.1.0`. */
export const collectorVersion = `v${userAgent.split("/")[1]}`;

/** Subscriptions of CloudWatch Logs, of a log group or of the account. A failure fails the invocation, so that Lambda brings the logs again. */
import type { CloudWatchLogsEvent } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { cloudwatchLogs, openSubscription } from "./recognise.ts";
import { Takers } from "./records.ts";

/** Pushes what a subscription delivers; messages that only test it are taken and dropped. */
export const cloudwatchLogsHandler =
  (pipeline: Pipeline) =>
  async ({ awslogs }: CloudWatchLogsEvent, call: Call): Promise<void> => {
    const takers = new Takers(pipeline, "log-subscription", call);
    const work = async () =>
      takers.pushRecords({ id: "", event: () => ({ awslogs }) }, () => {
        const records = cloudwatchLogs(openSubscription(awslogs.data));
        if (!records.length) call.invocation.log.debug("cloudwatch logs tests the subscription");
        return records;
      });
    await pipeline.drain(call.inTime(work()));
  };

/** The CDK construct and the Terraform module make the same to subscribe log groups by tags and names. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LogGroupSubscriber } from "../cdk/log-group-subscriber.ts";
import { synthesize } from "../cdk/testing.ts";
import { Deployments } from "../terraform/testing/deployment.ts";
import { hasTerraform } from "../terraform/testing/terraform.ts";
import { factsOfStack } from "./cdk.ts";
import { factsOfState } from "./terraform.ts";

const config = `
loki.source.cloudwatch_logs "in" { forward_to = [loki.write.out.receiver] }
loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }
`;

let deployments: Deployments;
beforeAll(async () => {
  deployments = await Deployments.open();
});
afterAll(() => deployments.close());

describe.skipIf(!hasTerraform)("a stack and a state of Terraform", { timeout: 120_000 }, () => {
  test.for([
    {
      it: "tags",
      props: { tags: { team: "shop", logs: "*" }, exclude: ["*-debug"], filterPattern: "?ERROR" },
      variables: 'tags = { team = "shop", logs = "*" }, exclude = ["*-debug"], filter_pattern = "?ERROR"',
    },
    {
      it: "names, without news from CloudTrail",
      props: { include: ["/aws/lambda/*", "/shop"], events: false },
      variables: 'include = ["/aws/lambda/*", "/shop"], events = false',
    },
  ])("select by $it in the same way", async ({ props, variables }) => {
    const { stack, collector } = synthesize(config);
    new LogGroupSubscriber(stack, "Subscriber", { destination: collector, ...props });
    const state = await deployments.apply(collector.graph, `log_group_selection = { ${variables} }`);
    const resources = state.all.map(each => ({ index: "", ...each }));
    const facts = factsOfState({ values: { root_module: { child_modules: [{ resources }] } } });
    expect(facts).toEqual(factsOfStack(stack));
    expect(facts.filter(each => each.includes("log-group-subscriber")).length).toBeGreaterThan(10);
  });
});

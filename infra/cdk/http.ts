/** A function with a URL, for components that take requests. */
import { Annotations, CfnOutput } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { type FunctionUrl, FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";

/** Its URL is open only where every component behind it asks for credentials itself. */
export class HttpFunction extends CollectorFunction {
  readonly url: FunctionUrl;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "http", props);
    this.#warnOfUnseen();
    const { auth = "aws_iam", paths = [] } = this.described.url ?? {};
    this.url = this.function.addFunctionUrl({
      authType: auth === "none" ? FunctionUrlAuthType.NONE : FunctionUrlAuthType.AWS_IAM,
    });
    new CfnOutput(this, "Url", { value: this.url.url, description: `Takes ${paths.join(", ")}` });
  }

  /** Lets a caller send signed requests to the URL. */
  override grantInvoke(grantee: IGrantable): Grant {
    return grantRequests(grantee, this.function.functionArn, this.url.authType);
  }

  /** Components that ask for credentials, which the signature takes the place of. */
  #warnOfUnseen(): void {
    const triggers = possibleTriggers(this.props.graph, "http");
    const anyone = triggers.filter(({ trigger }) => !trigger.authenticated).map(({ component }) => component);
    if (anyone.length && anyone.length < triggers.length)
      Annotations.of(this).addWarningV2(
        "amalgam:signed-requests-only",
        `the URL takes only requests signed with AWS credentials, since ${anyone.join(", ")} would take any: components with credentials of their own can't see them beside the signature`,
      );
  }
}

/** AWS asks for both actions, the second only through a URL. */
export function grantRequests(grantee: IGrantable, functionArn: string, authType = FunctionUrlAuthType.AWS_IAM): Grant {
  const resourceArns = [functionArn];
  return Grant.addToPrincipal({
    grantee,
    actions: ["lambda:InvokeFunctionUrl"],
    resourceArns,
    conditions: { StringEquals: { "lambda:FunctionUrlAuthType": authType } },
  }).combine(
    Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunction"],
      resourceArns,
      conditions: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
    }),
  );
}

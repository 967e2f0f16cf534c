/** What the names in `${…}` of a plan stand for in a stack: ARNs, URLs and names of what has been made, or of what the user brings. */
import { Stack } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IConstruct } from "constructs";

interface Place {
  /** `undefined`: the user wants nothing there, so nobody needs permissions for it. */
  readonly value: string | undefined;
  /** What encrypts it, where that is not a key of AWS' own. */
  readonly key: IKey | undefined;
}

export class Places {
  readonly #places = new Map<string, Place>();

  /** Says what a name, such as `queue:objects`, stands for. */
  set(name: string, value: string, key?: IKey): void {
    this.#places.set(name, { value, key });
  }

  /** Says that there is nothing by a name, and should not be. */
  leaveOut(name: string): void {
    this.#places.set(name, { value: undefined, key: undefined });
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** Whether a text names something that there should not be. */
  isLeftOut(text: string): boolean {
    return namesIn(text).some(name => this.has(name) && this.#places.get(name)?.value === undefined);
  }

  /** The key of what a text names. */
  keyOf(text: string): IKey | undefined {
    return namesIn(text).flatMap(name => this.#places.get(name)?.key ?? [])[0];
  }

  /** A text of the plan, as the stack of a construct knows it. */
  resolve(text: string, scope: IConstruct): string {
    const { partition, region, account } = Stack.of(scope);
    return text
      .replaceAll("${AWS::Partition}", partition)
      .replaceAll("${AWS::Region}", region)
      .replaceAll("${AWS::AccountId}", account)
      .replaceAll(placePattern, (_, name: string) => {
        const value = this.#places.get(name)?.value;
        if (value === undefined)
          throw new Error(`${name} of the plan should be there before ${scope.node.path} needs it, got none`);
        return value;
      });
  }
}

/** `${queue:objects}`; a token of CDK has no colon. */
const placePattern = /\$\{([a-z][a-z-]*:[^}]+)\}/g;

const namesIn = (text: string): string[] => [...text.matchAll(placePattern)].map(([, name = ""]) => name);

import * as pulumi from "@pulumi/pulumi";

/** The machines that this run makes, resizes or replaces, as the engine comes to them. */
export class TouchedMachines {
  /** Put on every machine, before its creation and before each update. */
  public readonly hook: pulumi.ResourceHook;
  private readonly touched = new Set<string>();
  private readonly made = new Set<string>();

  constructor(clusterName: string) {
    this.hook = new pulumi.ResourceHook(`${clusterName}-touched`, ({ name, oldInputs, newInputs }) => {
      if (oldInputs === undefined) this.made.add(name);
      if (flavorOf(oldInputs) !== flavorOf(newInputs)) this.touched.add(name);
    });
  }

  /** Those that were created, or replaced, so far. */
  public created(): ReadonlySet<string> {
    return this.made;
  }

  /** Those that the engine has come to so far. */
  public names(): readonly string[] {
    return [...this.touched];
  }
}

/** The flavor among a server's inputs; another one means a reboot. A server that is created has no old one. */
export function flavorOf(inputs: unknown): unknown {
  return (inputs as { readonly flavorName?: unknown } | undefined)?.flavorName;
}

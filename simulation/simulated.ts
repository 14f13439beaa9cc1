/** What a simulated run was, for tests and the preview to look at. */
import type * as pulumi from "@pulumi/pulumi";
import { keep, type Change, type KeptInputs, type PreviousRun } from "./previousRun";
import type { Properties } from "./values";

export type HookBinding =
  "beforeCreate" | "afterCreate" | "beforeUpdate" | "afterUpdate" | "beforeDelete" | "afterDelete" | "onError";

export interface SimulatedResource {
  readonly urn: string;
  readonly type: string;
  /** Pulumi's logical name. */
  readonly name: string;
  /** Absent for components, and in a preview for resources that do not exist yet. */
  readonly id?: string;
  /** URN; absent for the stack itself. */
  readonly parent?: string;
  readonly custom: boolean;
  /** As the program asks for them. */
  readonly inputs: Properties;
  /** As they are after the run, for the next one to compare with. */
  readonly kept: KeptInputs;
  /** How often it was replaced in this run and the previous ones. */
  readonly generation: number;
  /** Absent for what did not exist before the run. */
  readonly change?: Change;
  outputs: Properties;
  /** Top-level inputs that hold a secret at any depth. */
  readonly secretInputs: readonly string[];
  secretOutputs: readonly string[];
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs by input. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** "URN::id" of an explicit provider. */
  readonly provider?: string;
  /** As the engine has it: inherited from the parent when not given. */
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** Undefined: the provider's own choice. */
  readonly deleteBeforeReplace?: boolean;
  readonly deletedWith?: string;
  readonly aliases: readonly string[];
  readonly customTimeouts: { readonly create?: string; readonly update?: string; readonly delete?: string };
  /** Names of hooks, in order. */
  readonly hooks: Readonly<Partial<Record<HookBinding, readonly string[]>>>;
}

export interface SimulatedInvoke {
  readonly token: string;
  readonly args: Properties;
  readonly result: Properties;
}

/** A run that came to its end without an error. */
export class Simulated {
  private readonly byUrn: ReadonlyMap<string, SimulatedResource>;

  constructor(
    /** In the order of their registration, the stack first. */
    public readonly resources: readonly SimulatedResource[],
    /** The stack's outputs. */
    public readonly outputs: Properties,
    public readonly secretOutputs: readonly string[],
    public readonly invokes: readonly SimulatedInvoke[],
    public readonly hooks: ReadonlyMap<string, pulumi.ResourceHook>,
    public readonly seed: string,
    /** Address pools after the run, by CIDR. */
    public readonly subnets: readonly { readonly cidr: string; readonly used: number; readonly capacity: number }[],
  ) {
    this.byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  }

  /** All resources of a type; `type` may be its last part alone, for instance "Instance". */
  public ofType(type: string): SimulatedResource[] {
    return this.resources.filter((resource) => resource.type === type || resource.type.split(":").at(-1) === type);
  }

  /** The one resource of that type and logical name; throws when there is none. */
  public resource(type: string, name: string): SimulatedResource {
    const candidates = this.ofType(type);
    const match = candidates.find((resource) => resource.name === name);
    if (match === undefined)
      throw new Error(
        `no ${type} named ${name}; there are ${candidates.map((resource) => resource.name).join(", ") || "none"}`,
      );
    return match;
  }

  /** Resources that `resource` depends on by property or by dependsOn. */
  public dependenciesOf(resource: SimulatedResource): SimulatedResource[] {
    return resource.dependencies.flatMap((urn) => this.byUrn.get(urn) ?? []);
  }

  /**
   * Runs the hooks that are bound to a resource, as the engine would at that point; `more` adds the values of an update
   * or a deletion.
   */
  public async runHooks(
    resource: SimulatedResource,
    binding: HookBinding,
    more: Partial<pulumi.ResourceHookArgs> = {},
  ): Promise<void> {
    for (const name of resource.hooks[binding] ?? []) {
      const hook = this.hooks.get(name);
      if (hook === undefined) throw new Error(`${resource.urn} names the hook ${name}, which is not registered`);
      const { urn, id, type } = resource;
      await hook.callback({ urn, id: id ?? "", name: resource.name, type, ...more });
    }
  }

  /** What the next run is compared with. Holds no secret in plain but the seed that the throw-away keys derive from. */
  public toPrevious(): PreviousRun {
    return {
      seed: this.seed,
      resources: Object.fromEntries(this.resources.map((resource) => [resource.urn, keep(resource)])),
    };
  }
}
